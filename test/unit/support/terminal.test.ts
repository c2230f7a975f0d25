// The terminal of tests: size, screen, keys, signals and exit codes, as a real terminal has them.
import { expect, test } from 'vitest';
import { startInTerminal } from '../../support/terminal.ts';

const script = `
const { stdout, stdin } = process;
stdout.write(\`\${stdout.isTTY} \${stdout.columns}x\${stdout.rows}\\n\`);
stdout.write('one\\ntwo\\n\\u001b[2A\\u001b[0JONE\\n\\u001b[31mwidé 漢字\\u001b[39m\\n');
stdout.write('0123456789'.repeat(3) + '\\n');
process.on('SIGINT', () => { stdout.write('interrupted\\n'); process.exit(130); });
process.on('SIGTERM', () => { stdout.write('terminated\\n'); process.exit(7); });
stdin.on('data', (text) => stdout.write('got ' + text));
stdout.write('ready\\n');
`;

const started = async (): ReturnType<typeof startInTerminal> => {
  const terminal = await startInTerminal(process.execPath, ['-e', script], { columns: 20, rows: 4 });
  await terminal.waitFor(/^ready$/m);
  return terminal;
};

test('shows what a terminal of this size shows, and which lines it broke', async () => {
  await using terminal = await started();
  expect(terminal.text().split('\n')).toEqual([
    'true 20x4',
    'ONE',
    'widé 漢字',
    '01234567890123456789',
    '0123456789',
    'ready',
  ]);
  expect(terminal.brokenLines()).toEqual(['0123456789'.repeat(3)]);
  expect(terminal.output()).toContain('\u001b[31m');
});

test('types, interrupts with Ctrl-C, and sends signals', async () => {
  const typed = await started();
  typed.type('yes\r');
  await typed.waitFor(/^got yes$/m);
  typed.type('\u0003');
  expect(await typed.exited).toBe(130);
  expect(typed.text()).toMatch(/interrupted$/);
  const killed = await started();
  killed.kill('SIGTERM');
  expect(await killed.exited).toBe(7);
  const hungUp = await started();
  await hungUp.stop();
  await expect(hungUp.waitFor(/never/)).rejects.toThrow('the command ended with 129');
});

test('a command that is not there, and a text that does not come, are errors', async () => {
  const missing = await startInTerminal('/no/such/command', []);
  expect(await missing.exited).not.toBe(0);
  await using terminal = await started();
  await expect(terminal.waitFor(/never/, 1)).rejects.toThrow(/1 ms went by before \/never\/:\ntrue 20x4/);
});

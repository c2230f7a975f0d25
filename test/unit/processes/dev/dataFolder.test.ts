// Each reason why `genwarden dev` cannot use a data folder.

import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { explainFolderError, lockDataFolder, noteAddress } from '../../../../src/processes/dev/dataFolder.ts';
import { version } from '../../../../src/config/version.ts';
import { startProcess } from '../../../support/process.ts';
import { tempFolder } from '../../../support/tempFolder.ts';

async function aFolder(): Promise<string> {
  const { path, remove } = await tempFolder('data');
  onTestFinished(remove);
  return `${path}/data`;
}

test('it is locked until it is unlocked, and keeps the version', async () => {
  const folder = await aFolder();
  const unlock = await lockDataFolder(folder);
  expect(await readFile(`${folder}/dev.pid`, 'utf8')).toBe(String(process.pid));
  await unlock();
  await expect(readFile(`${folder}/dev.pid`)).rejects.toThrow('ENOENT');
  expect(JSON.parse(await readFile(`${folder}/dev.json`, 'utf8'))).toEqual({ version });
  await (
    await lockDataFolder(folder)
  )();
});

test('another process that uses it is named with its address; one that has ended is not', async () => {
  const folder = await aFolder();
  await mkdir(folder);
  const other = await startProcess(process.execPath, ['-e', 'setInterval(() => 0, 1e6)', 'genwarden', 'dev']);
  await writeFile(`${folder}/dev.pid`, String(other.pid));
  await noteAddress(folder, 'http://127.0.0.1:8080/');
  await expect(lockDataFolder(folder)).rejects.toMatchObject({
    code: 'DataDirInUse',
    message: `Process ${other.pid} (\`genwarden dev\` at http://127.0.0.1:8080/) uses the data folder ${folder}`,
  });
  await other.stop();
  await (
    await lockDataFolder(folder)
  )();
});

test.each([
  ['99.0.0', true],
  [version.replace(/\.\d+$/, '.99'), false],
  ['nonsense', false],
])('after version %s', async (used, refused) => {
  const folder = await aFolder();
  await mkdir(folder);
  await writeFile(`${folder}/dev.json`, JSON.stringify({ version: used }));
  const locked = lockDataFolder(folder);
  if (!refused) return void (await (await locked)());
  await expect(locked).rejects.toMatchObject({
    code: 'DataDirNewer',
    message: `Genwarden ${used} used the data folder ${folder} last; this is ${version}`,
  });
});

test.each([
  ['EACCES', '/data', 'this user may not write there (/data)'],
  ['EACCES', '/data/gw', 'this user may not write there'],
  ['EROFS', '/data/gw/nats/nats.conf', 'it is on a read-only disk (/data/gw/nats/nats.conf)'],
  ['EEXIST', '/data/gw', 'it is a file'],
  ['ENOTDIR', '/data', 'a part of its path is a file'],
])('%s at %s', (code, path, reason) => {
  const error = Object.assign(new Error(`${code}: …, open '${path}'`), { code, path });
  expect(explainFolderError('/data/gw', error)).toMatchObject({
    code: 'DataDirNotWritable',
    message: `The data folder /data/gw cannot be used: ${reason}`,
  });
});

test('a path that leads nowhere is a problem of the folder', async () => {
  const folder = await aFolder();
  await symlink('/nowhere/at/all', folder);
  const error: unknown = await lockDataFolder(folder).catch((reason: unknown) => reason);
  expect(explainFolderError(folder, error)).toMatchObject({ code: 'DataDirNotWritable' });
});

test('errors of other files and other kinds stay as they are', () => {
  const elsewhere = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/keys/gemini' });
  expect(explainFolderError('/data/gw', elsewhere)).toBe(elsewhere);
  const bug = new TypeError('a bug');
  expect(explainFolderError('/data/gw', bug)).toBe(bug);
});

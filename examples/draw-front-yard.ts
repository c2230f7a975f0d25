// Draws front-yard.jpg, the reference image of the examples: a house behind a plain lawn, with light camera noise.
// Run from the repository: node_modules/.bin/node examples/draw-front-yard.ts

import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const width = 640;
const height = 480;
const target = fileURLToPath(new URL('front-yard.jpg', import.meta.url));

const drawn = await sharp(Buffer.from(house())).blur(0.7).removeAlpha().raw().toBuffer();
addNoise(drawn);
const photo = sharp(drawn, { raw: { width, height, channels: 3 } });
const { size } = await photo.jpeg({ quality: 82, mozjpeg: true }).toFile(target);
console.log(`${target}: ${size} bytes`);

function house(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>
    ${shade('sky', '#8fb6dc', '#e6eef2')}${shade('lawn', '#7f9a55', '#5c7a3a')}${shade('wall', '#e9dfcd', '#d3c6ae')}
    ${shade('roof', '#7a5245', '#5f3d34')}${shade('path', '#c9c0b2', '#a89f92')}${shade('pane', '#55708a', '#a9c1d2')}</defs>
    <rect width="640" height="300" fill="url(#sky)"/>
    <g fill="#fff" fill-opacity=".5"><ellipse cx="120" cy="70" rx="70" ry="14"/><ellipse cx="165" cy="60" rx="50" ry="13"/>
      <ellipse cx="520" cy="95" rx="80" ry="12"/></g>
    <g fill="#56724a">${blobs(26, 0, 640, 205, 245, 30, 46)}</g><g fill="#47633f">${blobs(18, 0, 640, 235, 265, 18, 32)}</g>
    <rect y="262" width="640" height="218" fill="url(#lawn)"/>
    <rect x="150" y="160" width="340" height="130" fill="url(#wall)"/>
    <path d="M130 166L220 82H420L510 166Z" fill="url(#roof)"/><rect x="372" y="66" width="30" height="56" fill="#8a5f52"/>
    <path d="M260 168L320 108L380 168Z" fill="#dccfb8" stroke="#5f3d34" stroke-width="7"/>
    <rect x="296" y="200" width="48" height="90" fill="#6b3f2f"/><circle cx="336" cy="248" r="3" fill="#d9b25a"/>
    <rect x="286" y="284" width="68" height="9" fill="#b5aa9b"/>
    ${[178, 232, 372, 426].map(pane).join('')}
    <path d="M298 293L342 293L430 480L214 480Z" fill="url(#path)"/>
    <g stroke="#928979" stroke-width="1.5">${[318, 350, 390, 440].map(joint).join('')}</g>
    <path d="M200 293L298 293L214 480H190L296 294Z" fill="#6d8a47"/><path d="M342 293L430 480H446L350 293Z" fill="#6d8a47"/>
    <g fill="#4e6b3c">${blobs(9, 156, 284, 282, 292, 12, 20)}${blobs(9, 358, 486, 282, 292, 12, 20)}</g>
    <rect x="548" y="190" width="16" height="120" fill="#5b4636"/><g fill="#4f7340">${blobs(20, 508, 606, 120, 200, 26, 40)}</g>
    <g fill="#6b9150" fill-opacity=".7">${blobs(12, 515, 580, 110, 160, 12, 22)}</g>
    <ellipse cx="556" cy="318" rx="76" ry="12" fill="#2f4322" fill-opacity=".4"/>
    <g stroke="#4d6a33" stroke-width="1.2" stroke-opacity=".6">${blades(420)}</g></svg>`;
}

function shade(id: string, top: string, foot: string): string {
  return `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${foot}"/></linearGradient>`;
}

function pane(x: number): string {
  return `<rect x="${x}" y="200" width="40" height="52" fill="url(#pane)" stroke="#f7f2e8" stroke-width="5"/>
    <path d="M${x + 20} 200V252M${x} 226H${x + 40}" stroke="#f7f2e8" stroke-width="3"/>`;
}

/** A line across the path, which widens towards the viewer. */
function joint(y: number): string {
  const nearness = (y - 293) / (480 - 293);
  return `<path d="M${298 - nearness * 84} ${y}H${342 + nearness * 88}"/>`;
}

function blobs(count: number, x0: number, x1: number, y0: number, y1: number, r0: number, r1: number): string {
  const blob = (_: unknown, at: number): string => {
    const x = x0 + ((at + spread(at, 1) * 0.8) / count) * (x1 - x0);
    return `<circle cx="${x}" cy="${y0 + spread(at, 2) * (y1 - y0)}" r="${r0 + spread(at, 3) * (r1 - r0)}"/>`;
  };
  return Array.from({ length: count }, blob).join('');
}

function blades(count: number): string {
  const blade = (_: unknown, at: number): string => {
    const near = spread(at, 4);
    const side = at % 2 === 0 ? spread(at, 5) * (290 - near * 90) : 640 - spread(at, 5) * (280 - near * 80);
    return `<path d="M${side} ${305 + near * 175}l${spread(at, 6) * 4 - 2} ${-3 - near * 7}"/>`;
  };
  return Array.from({ length: count }, blade).join('');
}

/** A number in [0, 1) that looks random and is always the same for the same arguments. */
function spread(at: number, salt: number): number {
  const wave = Math.sin(at * 127.1 + salt * 311.7) * 43758.5453;
  return wave - Math.floor(wave);
}

function addNoise(pixels: Buffer): void {
  for (let at = 0; at < pixels.length; at += 1) {
    const noise = (spread(at, 7) + spread(at, 8) - 1) * 9;
    pixels[at] = Math.max(0, Math.min(255, (pixels[at] ?? 0) + noise));
  }
}

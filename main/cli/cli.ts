import { runCommandLine } from './run.ts';

const asked = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // asked twice: the person does not want to wait
    if (asked.signal.aborted) process.exit(1);
    asked.abort();
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  signal: asked.signal,
});

import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { ShellEvent, ShellQuestion } from './tell.ts';

type Ask = ShellQuestion extends infer Q ? (Q extends { id: number } ? Omit<Q, 'id'> : never) : never;
type Kind = ShellEvent['event'];

/** A running shell under test. Everything it told is kept, so that a wait can also be for what already happened. */
export interface Shell {
  ask(question: Ask): Promise<unknown>;
  /** Runs an expression in the page and waits for its promise. */
  evaluate(expression: string): Promise<unknown>;
  /** The first event that fits, past or coming. */
  waitFor<K extends Kind>(kind: K, fits?: (event: Extract<ShellEvent, { event: K }>) => boolean): Promise<ShellEvent>;
  readonly told: readonly ShellEvent[];
  readonly exited: Promise<number | null>;
  kill(): void;
}

const root = join(import.meta.dirname, '../../..');

/** Starts the built shell under the stand-in. */
export function startShell(env: NodeJS.ProcessEnv): Shell {
  const child = fork(join(root, 'dist/main/electron.js'), {
    execArgv: ['--import', join(import.meta.dirname, 'register.ts')],
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const told: ShellEvent[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  let lastId = 0;
  let ended = false;
  const exited = once(child, 'exit').then(([code]) => {
    ended = true;
    news.emit('news');
    return code as number | null;
  });
  child.on('message', (event: ShellEvent) => {
    told.push(event);
    news.emit('news');
  });

  async function waitFor<K extends Kind>(
    kind: K,
    fits: (event: Extract<ShellEvent, { event: K }>) => boolean = () => true,
  ): Promise<ShellEvent> {
    for (;;) {
      const found = told.find((event) => event.event === kind && fits(event as Extract<ShellEvent, { event: K }>));
      if (found) return found;
      if (ended) throw new Error(`the shell ended before ${kind}; it told ${JSON.stringify(told.slice(-5))}`);
      await once(news, 'news');
    }
  }

  async function ask(question: Ask): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    child.send({ ...question, id });
    const answer = await waitFor('answer', (event) => event.id === id);
    if (answer.event !== 'answer') return undefined;
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  return {
    ask,
    evaluate: (expression) => ask({ ask: 'evaluate', expression }),
    waitFor,
    told,
    exited,
    kill: () => void child.kill('SIGKILL'),
  };
}

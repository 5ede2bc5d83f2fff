import type { Console } from '#core/console.ts';
import type { Boundary } from '#core/router/boundary.ts';
import { todayOf } from './today-view.ts';

export function todayProcedures(os: Boundary, console: Console) {
  return { get: os.today.get.handler(({ input }) => todayOf(console.find(input.village))) };
}

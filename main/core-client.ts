import { createRouterClient, type Router, type RouterClient } from '@orpc/server';
import type { Contract } from '#api/contract.ts';
import type { Core, CoreContext, Session } from '#core/core.ts';

export type CoreRouter = Router<Contract, CoreContext>;
export type CoreClient = RouterClient<CoreRouter>;

/** Calls the core without a wire in between, with the same schemas, roles and errors as over one. */
export function createCoreClient(core: Core, session: Session = { kind: 'operator' }): CoreClient {
  return createRouterClient(core.router as CoreRouter, { context: core.context(session) });
}

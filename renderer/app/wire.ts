import type { ContractRouterClient, InferContractRouterInputs, InferContractRouterOutputs } from '@orpc/contract';
import type { RouterUtils } from '@orpc/tanstack-query';
import type { Contract } from '#api/contract.ts';

export type ConsoleClient = ContractRouterClient<Contract>;
export type Api = RouterUtils<ConsoleClient>;
export type Out = InferContractRouterOutputs<Contract>;
export type In = InferContractRouterInputs<Contract>;

export type VillageSummary = Out['villages']['state']['villages'][number];
export type JobState = Out['jobs']['list']['jobs'][number];

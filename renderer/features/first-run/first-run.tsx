import { useState } from 'react';
import { endProgress, type FirstRunProgress, readProgress, saveProgress } from '../../app/first-run-progress.ts';
import type { Out } from '../../app/wire.ts';
import { DemoStep } from './demo-step.tsx';
import { JoinStep } from './join-step.tsx';
import { LaterStep } from './later-step.tsx';
import { StartStep } from './start-step.tsx';
import { VillageStep } from './village-step.tsx';
import { YouStep } from './you-step.tsx';

export interface StepProps {
  readonly progress: FirstRunProgress;
  /** Keeps what was asked and goes on; kept over a closed window. */
  readonly go: (change: Partial<FirstRunProgress>) => void;
  readonly finish: () => void;
}

/** From an empty console to a village: resumable, and never more than one question at a time. */
export function FirstRun(p: { readonly state: Out['villages']['state']; readonly onFinished: () => void }) {
  const [progress, setProgress] = useState(() => resume(p.state));
  const go = (change: Partial<FirstRunProgress>) => {
    const next = { ...progress, ...change };
    saveProgress(next);
    setProgress(next);
  };
  const finish = () => {
    endProgress();
    p.onFinished();
  };
  const props: StepProps = { progress, go, finish };
  switch (progress.step) {
    case 'start':
      return <StartStep {...props} />;
    case 'village':
      return <VillageStep {...props} />;
    case 'you':
      return <YouStep {...props} />;
    case 'join':
      return <JoinStep {...props} />;
    case 'demo':
      return <DemoStep {...props} running={p.state.demo.job} />;
    case 'meter':
    case 'member':
      return <LaterStep {...props} step={progress.step} onLeave={p.onFinished} />;
  }
}

/** A demo that is already being made is watched; steps after the founding only where the village is here. */
function resume(state: Out['villages']['state']): FirstRunProgress {
  const progress = readProgress();
  if (state.demo.job !== null) return { ...progress, step: 'demo' };
  const founded = state.villages.some((v) => v.id === progress.village);
  if ((progress.step === 'meter' || progress.step === 'member') && !founded) return { ...progress, step: 'start' };
  return progress;
}

import { Logo } from '../../app/logo.tsx';

export const Brand = () => (
  <>
    <Logo />
    Gridpact
  </>
);

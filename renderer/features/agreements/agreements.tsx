export function Agreements() {
  return null;
}

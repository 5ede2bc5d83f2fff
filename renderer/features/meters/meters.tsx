export function Meters() {
  return null;
}

export function Kit() {
  return <h1>kit</h1>;
}

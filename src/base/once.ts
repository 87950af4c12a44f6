/** The same search that looks only once for each id, whatever it finds. */
export function toOnce<Value>(find: (id: string) => Value): (id: string) => Value {
  const found = new Map<string, { readonly value: Value }>();
  return (id) => {
    const known = found.get(id) ?? { value: find(id) };
    found.set(id, known);
    return known.value;
  };
}

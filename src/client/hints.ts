/**
 * The SVIDs of one message without those whose hint another one before them has.
 *
 * Source: Workload API section 5.2.1: a client "SHOULD" take the first; an empty hint is none.
 */
export function firstOfEachHint<T extends { readonly hint: string }>(svids: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return svids.filter(({ hint }) => {
    if (hint === '') return true;
    if (seen.has(hint)) return false;
    seen.add(hint);
    return true;
  });
}

/** Numbers of groups as setgroups(2) takes them: gid_t after gid_t. */
export function groupList(groups: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(groups).buffer);
}

const FNV_OFFSET = 0x811c_9dc5
const FNV_PRIME = 0x0100_0193
const MIX_A = 0x85eb_ca6b
const MIX_B = 0xc2b2_ae35

/** 32-bit hash of a text (FNV-1a over UTF-16 code units, mixed as in MurmurHash3). It tells equal from different; it protects nothing. */
export function hash32(text: string): number {
  let hash = FNV_OFFSET
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), MIX_A)
  hash = Math.imul(hash ^ (hash >>> 13), MIX_B)
  return (hash ^ (hash >>> 16)) >>> 0
}

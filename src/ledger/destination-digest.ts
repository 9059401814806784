import { sha256Hex } from '../format/canonical-json.ts'

const DIGEST_CHARS = 32

/** Under which a destination, such as `iban:DE89…`, is remembered: it says nothing of whom it is to one who does not know them. 32 hexadecimal digits. */
export function destinationDigest(name: string): string {
  return sha256Hex(name).slice(0, DIGEST_CHARS)
}

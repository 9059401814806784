/** Shortest run that counts as encoded, characters. */
const ENCODED_RUN_CHARS = 64
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Map(Array.from(ALPHABET, (char, index) => [char, index]))
/** The last two of the alphabet that is used in addresses. */
const URL_VALUES = { '-': 62, _: 63 } as const
/** Shorter runs are not decoded. */
const RUN = /[A-Za-z0-9+/_-]{24,}/gu
const HEX = /^(?:[0-9a-f]{2})+$/iu
const HEX_BYTE = /../gu
const HEX_BASE = 16
const BITS_PER_CHAR = 6
const BITS_PER_BYTE = 8
const BYTE = 0xff
const PRINTABLE_SHARE = 0.9
const PRINTABLE = /[\n\r\t -~]/gu

/** The characters in long unbroken runs of the base64 and hexadecimal alphabets: encoded or compressed data in a text. */
export function encodedChars(text: string): number {
  return (text.match(RUN) ?? []).reduce((sum, run) => sum + (run.length >= ENCODED_RUN_CHARS ? run.length : 0), 0)
}

/** What base64 and hexadecimal runs of a text say, where they say something that can be read; one level deep. */
export function decodedTexts(text: string): readonly string[] {
  const decoded = (text.match(RUN) ?? []).map((run) => (HEX.test(run) ? decodeHex(run) : decode(run)))
  return decoded.filter((said) => (said.match(PRINTABLE) ?? []).length >= PRINTABLE_SHARE * said.length)
}

/** Base64 (either alphabet) to one character per byte. */
function decode(run: string): string {
  let bits = 0
  let held = 0
  const chars: string[] = []
  for (const char of run) {
    held = (held << BITS_PER_CHAR) | (VALUES.get(char) ?? URL_VALUES[char as keyof typeof URL_VALUES])
    bits += BITS_PER_CHAR
    if (bits >= BITS_PER_BYTE) {
      bits -= BITS_PER_BYTE
      chars.push(String.fromCharCode((held >>> bits) & BYTE))
    }
  }
  return chars.join('')
}

/** Hexadecimal to one character per byte. */
function decodeHex(run: string): string {
  return run.replace(HEX_BYTE, (byte) => String.fromCharCode(Number.parseInt(byte, HEX_BASE)))
}

import { z } from 'zod'
import { overLimit } from './limit.ts'

/** Why a text cannot be an identifier. */
export type IdentifierFaultCode =
  'identifier_empty' | 'identifier_too_long' | 'identifier_white_space' | 'identifier_invisible' | 'identifier_not_nfc'

/** A refused identifier: the code, and a sentence with the place and the fix. */
export type IdentifierFault = { readonly code: IdentifierFaultCode; readonly message: string }

/** Nearly every identifier: printable ASCII that neither starts nor ends with a space. */
const PRINTABLE_ASCII = /^[!-~](?:[ -~]*[!-~])?$/
const OUTER_WHITE_SPACE = /^\p{White_Space}|\p{White_Space}$/u
/**
 * Control, format (bidi and zero width), surrogate, private use, unassigned, line and paragraph separators, default ignorable,
 * spaces other than U+0020, and the blank braille pattern. The tables are those of the running Node (Unicode 16 or later).
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u
const HEX = 16
const CODE_POINT_DIGITS = 4

/**
 * Whether a text may name something (an agent, a resource, an action, a type, a tenant, a credential): not empty, not too long,
 * in Unicode normalization form C, nothing invisible, no white space at its ends. Undefined when it may; two texts that both
 * may and look alike because of spelling, bidi or zero-width characters cannot exist.
 */
export function checkIdentifier(text: string, limits: { readonly maxChars: number }): IdentifierFault | undefined {
  if (text === '') return { code: 'identifier_empty', message: 'The identifier is empty: give it at least one character.' }
  if (text.length > limits.maxChars) {
    return { code: 'identifier_too_long', message: tooLong(limits.maxChars, text.length) }
  }
  return PRINTABLE_ASCII.test(text) ? undefined : checkCharacters(text)
}

function checkCharacters(text: string): IdentifierFault | undefined {
  const invisible = INVISIBLE.exec(text)
  if (invisible !== null) {
    const place = `${codePointName(invisible[0])} at character ${invisible.index}`
    return { code: 'identifier_invisible', message: `The identifier holds ${place}, which cannot be seen: remove it.` }
  }
  if (OUTER_WHITE_SPACE.test(text)) {
    return { code: 'identifier_white_space', message: 'The identifier starts or ends with white space: trim it.' }
  }
  if (text.normalize('NFC') !== text) {
    return { code: 'identifier_not_nfc', message: 'The identifier is not in Unicode normalization form C: normalize it to NFC.' }
  }
  return undefined
}

function tooLong(max: number, came: number): string {
  return `${overLimit('The identifier has', 'identifier.chars_max', { max, came })}, shorten it.`
}

/** `U+200B`, as Unicode writes it. */
function codePointName(char: string): string {
  return `U+${(char.codePointAt(0) as number).toString(HEX).toUpperCase().padStart(CODE_POINT_DIGITS, '0')}`
}

/** The zod schema of an identifier; its JSON Schema carries the lengths. */
export function identifier(maxChars: number): z.ZodString {
  return z
    .string()
    .min(1, { abort: true, error: 'The identifier is empty: give it at least one character.' })
    .max(maxChars, { abort: true, error: ({ input }) => tooLong(maxChars, (input as string).length) })
    .superRefine((text, context) => {
      const fault = checkIdentifier(text, { maxChars })
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault.message, params: { code: fault.code } })
    })
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { exact, html, htmlText, jsonHtml, marked, paragraphs, type Html } from '../../src/http/approvals-page/html.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
const unescape = (text: string): string => text.replaceAll(/&(?:amp|lt|gt|quot|#39);/gu, (entity) => ENTITIES[entity] ?? '')
/** What a reader sees of markup, with every mark turned back into its character. */
const readable = (part: Html): string =>
  unescape(
    htmlText(part)
      .replaceAll(/<mark>U\+([0-9A-F]+)<\/mark>/gu, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
      .replaceAll(/<\/?bdi>/gu, ''),
  )

/** Text of whatever kind: markup, controls, directions, halves of characters. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        ...[
          '<script>',
          '</textarea>',
          '"',
          "'",
          '&',
          '&lt;',
          '-->',
          '${x}',
          '\u202E',
          '\u2066',
          '\u200B',
          '\uFEFF',
          '\0',
          '\r\n',
        ],
        ...['\uD800', '\u3164', '\u00A0', '\u2028', '\u{E0041}', '\uFE0F', 'U+202E', '<mark>U+202E</mark>', 'ש', '👩‍🚀'],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00A0\u2800]/u

describe('a template', () => {
  test('lets no text become markup, in text or in an attribute', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = htmlText(html`<p title="${text}">${text}</p>`)
        const [, inAttribute, inText] = /^<p title="([^"<>']*)">([^"<>']*)<\/p>$/su.exec(made) ?? []
        expect(inAttribute).toBe(inText)
        expect((inText ?? '').replaceAll(/&(?:amp|lt|gt|quot|#39);/gu, '')).not.toContain('&')
      }),
    )
  })

  test('shows what nobody would see', () => {
    fc.assert(fc.property(hostile, (text) => !UNSEEN.test(htmlText(html`${text}`))))
    expect(htmlText(html`${'a\u202Eb'}`)).toBe('a⟨U+202E⟩b')
  })

  test('takes markup as it is, lists of it, numbers, and nothing', () => {
    const bold = html`<b>${'<'}</b>`
    expect(htmlText(html`${bold}${[bold, bold]}${7}${null}`)).toBe(`${'<b>&lt;</b>'.repeat(3)}7`)
  })
})

describe('exact text', () => {
  test('comes back character by character', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(unescape(htmlText(exact(text)))).toBe(text)
        expect(htmlText(exact(text))).not.toMatch(/[<>"']/u)
      }),
    )
  })
})

describe('marked text', () => {
  test('is complete, and every mark stands for a character that is there', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = htmlText(marked(text))
        expect(readable(marked(text))).toBe(text)
        expect(made.replaceAll(/<mark>U\+[0-9A-F]{4,6}<\/mark>/gu, '')).not.toMatch(/[<>"']/u)
        expect(UNSEEN.test(made)).toBe(false)
      }),
    )
  })

  test('cannot be imitated: text that looks like a mark is none', () => {
    expect(htmlText(marked('<mark>U+202E</mark>'))).not.toContain('<mark>')
  })

  test('in paragraphs keeps its line breaks', () => {
    expect(htmlText(paragraphs('a\nb\r<'))).toBe('a<br>b<mark>U+000D</mark>&lt;')
  })
})

describe('JSON', () => {
  test('is complete: what is shown is what JSON writes, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' }), (value) => {
        expect(readable(jsonHtml(value))).toBe(JSON.stringify(value, null, 2))
      }),
    )
  })

  test('is complete for hostile strings and names, and nothing of them is markup', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, fc.array(hostile), { maxKeys: 4 }), (value) => {
        const made = htmlText(jsonHtml(value))
        expect(readable(jsonHtml(value))).toBe(JSON.stringify(value, null, 2))
        expect(made.replaceAll(/<mark>U\+[0-9A-F]{4,6}<\/mark>|<\/?bdi>/gu, '')).not.toMatch(/[<>"']/u)
      }),
    )
  })
})

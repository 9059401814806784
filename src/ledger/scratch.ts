/** Room for documents of which there are as many as decisions; JSON in, JSON out. Gone when closed. */
export type Scratch = {
  readonly get: (name: string) => unknown
  readonly set: (name: string, document: unknown) => void
  readonly close: () => void
}

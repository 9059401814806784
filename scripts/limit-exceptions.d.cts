declare const limitExceptions: {
  /** Path → rules of eslint that are off for it, and why. */
  readonly files: Readonly<Record<string, { readonly rules: readonly string[]; readonly reason: string }>>
  /** Folder → why it may hold more files. */
  readonly folders: Readonly<Record<string, string>>
}
export = limitExceptions

/** One line of the operational log. Never a token, a body or an argument. */
export type LogEntry = {
  readonly level: 'info' | 'warn' | 'error'
  /** What happened, a name such as `listening`. */
  readonly event: string
  readonly message?: string
  readonly [member: string]: string | number | boolean | undefined
}

/** Where operational log lines go; must not throw. */
export type Log = (entry: LogEntry) => void

/** A signal that comes again this soon is the same one: a terminal sends it to every process, and whoever started us may pass it on besides. */
const SAME_SIGNAL_MS = 1_000
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Resolves when the process is asked to end (SIGINT, SIGTERM). Asked again a second later or more, it ends at once. */
export function stopSignal(): Promise<void> {
  let askedMs: number | undefined
  return new Promise((stop) => {
    for (const signal of STOP_SIGNALS)
      process.on(signal, () => {
        const nowMs = performance.now()
        askedMs ??= nowMs
        stop()
        if (nowMs - askedMs < SAME_SIGNAL_MS) return
        for (const each of STOP_SIGNALS) process.removeAllListeners(each)
        process.kill(process.pid, signal)
      })
  })
}

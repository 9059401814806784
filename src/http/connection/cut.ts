/** Limits beyond which a connection is cut, for there is nobody who would read a refusal. */
export type CutLimit =
  | 'http.connections_max'
  | 'http.connections_per_address_max'
  | 'http.pipelined_max'
  | 'http.unread_bytes_max'
  | 'http.unread_seconds_max'

/** Is told of each connection that was cut. */
export type Cut = (limit: CutLimit) => void

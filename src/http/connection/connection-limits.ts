import type { Server } from 'node:http'
import type { Socket } from 'node:net'

import { isLoopback } from '../../format/loopback.ts'
import type { Cut } from './cut.ts'
import { networkOf } from './network.ts'

/** How many connections there may be. */
export type ConnectionLimits = { readonly connections_max: number; readonly connections_per_address_max: number }

/**
 * Limits connections in all, and of one address (one network for IPv6). What is beyond is cut at once; where all are taken, those that
 * wait for a next request make room. Processes of this machine share one address, so only the first limit is theirs.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, cut: Cut): void {
  const open = new Map<string, number>()
  server.maxConnections = limits.connections_max
  server.on('drop', () => {
    server.closeIdleConnections()
    cut('http.connections_max')
  })
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined || isLoopback(remoteAddress)) return
    const network = networkOf(remoteAddress)
    const count = (open.get(network) ?? 0) + 1
    open.set(network, count)
    socket.once('close', () => {
      const left = (open.get(network) ?? 0) - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    })
    if (count <= limits.connections_per_address_max) return
    socket.destroy()
    cut('http.connections_per_address_max')
  })
}

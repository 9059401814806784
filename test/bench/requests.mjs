/** The request of every measurement: an agent reads a file. `bytes` is the length of its JSON text. */
export function requestOf(bytes) {
  const request = {
    subject: { type: 'agent', id: 'coding-agent' },
    action: { name: 'read_file', properties: { arguments: { path: 'workspace/readme.md', encoding: 'utf-8' } } },
    resource: { type: 'file', id: 'workspace/readme.md', properties: { classification: 'internal' } },
    context: { session: 'bench', purpose: '' },
  }
  const missing = bytes - Buffer.byteLength(JSON.stringify(request))
  request.context.purpose = 'read what the ticket says '.repeat(Math.ceil(missing / 26)).slice(0, missing)
  return request
}

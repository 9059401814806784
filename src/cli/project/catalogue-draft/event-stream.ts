const FIELD = /^(?:data|event|id|retry)?:/u

/** Whether a text is an event stream, as curl writes down what an MCP server answers over streamable HTTP. */
export function isEventStream(text: string): boolean {
  return FIELD.test(text.trimStart())
}

/**
 * The JSON-RPC answer in an event stream: the data of the event that has a result. Notifications may come before it.
 * The lines before it are kept empty, so that a line of the answer has the number that it has in the file.
 */
export function answerInStream(text: string): string {
  const events = eventsOf(text)
  const answer = events.find(({ data }) => /"(?:result|tools)"\s*:/u.test(data)) ?? events.at(-1)
  return answer === undefined ? '' : `${'\n'.repeat(answer.line)}${answer.data}`
}

type StreamEvent = { readonly line: number; readonly data: string }

/** The data of each event, with the line that it begins on, from 0 (HTML, "Server-sent events": lines of `data` are joined). */
function eventsOf(text: string): readonly StreamEvent[] {
  const events: StreamEvent[] = []
  let open: StreamEvent | undefined
  for (const [line, content] of [...text.split(/\r\n|\r|\n/u), ''].entries()) {
    if (content === '') {
      if (open !== undefined) events.push(open)
      open = undefined
    } else if (content.startsWith('data:')) {
      const data = content.slice('data:'.length).replace(/^ /u, '')
      open = open === undefined ? { line, data } : { ...open, data: `${open.data}\n${data}` }
    }
  }
  return events
}

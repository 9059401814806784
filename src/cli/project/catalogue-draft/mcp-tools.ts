import { z } from 'zod'

import { readText } from '../../../format/read-text.ts'
import type { CliDeps } from '../../support/deps.ts'
import { readJsonText } from '../../support/json-text.ts'
import { answerInStream, isEventStream } from './event-stream.ts'
import type { Seen } from './seen.ts'

/** Most tools of one list. */
const TOOLS_MAX = 10_000

const flag = z.boolean().optional().catch(undefined)

const McpTool = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: z
    .object({
      properties: z.record(z.string(), z.unknown()).optional(),
      required: z.array(z.string()).optional().catch(undefined),
    })
    .optional(),
  annotations: z
    .object({
      title: z.string().optional(),
      readOnlyHint: flag,
      destructiveHint: flag,
      idempotentHint: flag,
      openWorldHint: flag,
    })
    .optional(),
})

const ToolList = z.object({ tools: z.array(McpTool).max(TOOLS_MAX), nextCursor: z.string().optional() })

/** The result of `tools/list`, or the whole JSON-RPC answer that holds it. */
const ToolAnswer = z
  .object({ ...ToolList.partial().shape, result: ToolList.optional() })
  .refine(({ tools, result }) => tools !== undefined || result !== undefined, 'there is no list of tools')

/** The tools, and nothing around them. */
const BareTools = z
  .array(McpTool)
  .min(1, 'there is no tool in it')
  .max(TOOLS_MAX)
  .transform((tools): z.infer<typeof ToolAnswer> => ({ tools }))

/** The tools of an MCP server, from the file with its answer to `tools/list`, also as an event stream; "-" is standard input. */
export async function listedTools(deps: CliDeps, file: string): Promise<Seen> {
  const { name, text } = await readText(deps, file)
  const json = isEventStream(text) ? answerInStream(text) : text
  // One schema is chosen by what the text begins with: a union could not say which of the two is wrong where.
  const answer = readJsonText(name, json, json.trimStart().startsWith('[') ? BareTools : ToolAnswer, {
    fix: 'give what the server answers to tools/list: {"tools": [{"name": …, "annotations": …}]}',
  })
  const { tools = [], nextCursor } = answer.result ?? answer
  if (nextCursor !== undefined)
    deps.stderr('the list is not complete: it has a nextCursor, so the server has more tools than are in this file\n')
  return {
    tools: tools.map(({ name, title, description, inputSchema, annotations }) => ({
      name,
      description: description ?? title ?? annotations?.title,
      arguments: Object.keys(inputSchema?.properties ?? {}),
      formats: formatsOf(inputSchema?.properties ?? {}),
      ...(inputSchema === undefined ? {} : { required: inputSchema.required ?? [] }),
      hints: annotations,
    })),
    agents: [],
    decisions: null,
    omitted: 0,
    from: `the tool list ${file}`,
  }
}

const Formatted = z.object({ format: z.string().optional(), items: z.object({ format: z.string() }).optional().catch(undefined) })

/** The formats of arguments, or of the entries of those that are lists. */
function formatsOf(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const formats = Object.entries(properties).flatMap(([name, schema]) => {
    const read = Formatted.safeParse(schema).data
    const format = read?.format ?? read?.items?.format
    return format === undefined ? [] : [[name, format] as const]
  })
  return Object.fromEntries(formats)
}

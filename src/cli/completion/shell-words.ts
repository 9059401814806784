import type { CompletedCommand, ValueKind } from './tree.ts'

/** A text as one word of bash and zsh. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A kind as the scripts spell it: `file`, `folder`, `text`, or `words` and the words. */
function kindText(kind: ValueKind): string {
  return typeof kind === 'string' ? kind : ['words', ...kind].join(' ')
}

/** The branches of a `case` that leads from a command, and a word behind it, to the command below. */
export function commandCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap(({ path, commands }) =>
    commands.map(({ name }) => `    ${shellWord(`${path}/${name}`)}) node=${shellWord(`${path} ${name}`.trim())} ;;`),
  )
}

/** The branches of a `case` that says what an option takes. */
export function valueCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === undefined
        ? []
        : [`    ${flags.map((flag) => shellWord(`${path}/${flag}`)).join(' | ')}) value=${shellWord(kindText(value))} ;;`],
    ),
  )
}

/** The branches of a `case` that says what the argument of a command at a position is, the first being 0. */
export function argumentCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap((command) =>
    command.arguments.map((kind, at) => `    ${shellWord(`${command.path}/${at}`)}) value=${shellWord(kindText(kind))} ;;`),
  )
}

import type { CompletedCommand, ValueKind } from './tree.ts'

/** A text as one word of bash and zsh. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * The functions that say what may come next, as bash and zsh both read them: the command below, what an option takes, what an argument is,
 * and what a command offers. `offers`: the branch of a command, which each shell writes its own way.
 */
export function shellParts(tree: readonly CompletedCommand[], offers: (command: CompletedCommand) => string): string {
  return `_gradus_command() {
  case "$node/$1" in
${commandCases(tree).join('\n')}
    *) return 1 ;;
  esac
}
_gradus_value() {
  case "$node/$1" in
${valueCases(tree).join('\n')}
    *) value='' ;;
  esac
}
_gradus_argument() {
  case "$node/$1" in
${argumentCases(tree).join('\n')}
    *) value='' ;;
  esac
}
_gradus_offers() {
  case "$node" in
${tree.map((command) => offers(command)).join('\n')}
  esac
}`
}

/** A kind as the scripts spell it: `file`, `folder`, `text`, or `words` and the words. */
function kindText(kind: ValueKind): string {
  return typeof kind === 'string' ? kind : ['words', ...kind].join(' ')
}

/** The branches of a `case` that leads from a command, and a word behind it, to the command below. */
function commandCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap(({ path, commands }) =>
    commands.map(({ name }) => `    ${shellWord(`${path}/${name}`)}) node=${shellWord(`${path} ${name}`.trim())} ;;`),
  )
}

/** The branches of a `case` that says what an option takes. */
function valueCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === undefined
        ? []
        : [`    ${flags.map((flag) => shellWord(`${path}/${flag}`)).join(' | ')}) value=${shellWord(kindText(value))} ;;`],
    ),
  )
}

/** The branches of a `case` that says what the argument of a command at a position is, the first being 0. */
function argumentCases(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap((command) =>
    command.arguments.map((kind, at) => `    ${shellWord(`${command.path}/${at}`)}) value=${shellWord(kindText(kind))} ;;`),
  )
}

import type { CompletedCommand, CompletedOption, ValueKind } from './tree.ts'

/** The completion as a script for fish, 3.0 or later. */
export function fishCompletion(tree: readonly CompletedCommand[]): string {
  const takers = tree.flatMap(({ path, options }) =>
    options.filter(({ value }) => value !== undefined).flatMap(({ flags }) => flags.map((flag) => word(`${path}/${flag}`))),
  )
  const descents = tree.flatMap(({ path, commands }) =>
    commands.map(
      ({ name }) =>
        `                case ${word(`${path}/${name}`)}\n                    set node ${word(`${path} ${name}`.trim())}`,
    ),
  )
  return [
    STANDING.replace('TAKERS', () => takers.join(' ')).replace('DESCENTS', () => descents.join('\n')),
    ...tree.flatMap(lines),
    '',
  ].join('\n')
}

/** A text as one word of fish. */
function word(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function lines({ path, commands, options, arguments: kinds }: CompletedCommand): readonly string[] {
  const at = (position: number): string => `-n ${word(`__gradus_at ${word(`${path}/${position}`)}`)}`
  return [
    ...commands.map(({ name, description }) => `complete -c gradus ${at(0)} -a ${word(name)} -d ${word(description)}`),
    ...options.map((option) => `complete -c gradus -n ${word(`__gradus_in ${word(path)}`)} ${optionWords(option)}`),
    ...kinds.flatMap((kind, position) => (kind === 'text' ? [] : [`complete -c gradus ${at(position)} ${offered(kind)}`])),
  ]
}

function optionWords({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const takes = value === undefined ? [] : [value === 'file' ? '-r -F' : `-x ${offered(value)}`.trim()]
  return [...names, ...takes, `-d ${word(description)}`].join(' ')
}

function offered(kind: ValueKind): string {
  if (kind === 'file') return '-F'
  if (kind === 'folder') return `-a '(__fish_complete_directories)'`
  return kind === 'text' ? '' : `-a ${word(kind.join(' '))}`
}

/** Where on the command line one is: the command and, after a slash, how many arguments there are. */
const STANDING = `# Completion of gradus for fish. Made by "gradus completion fish".
function __gradus_standing
    set -l node ''
    set -l position 0
    set -l takes 0
    set -l ended 0
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if test $takes = 1
            set takes 0
        else if test $ended = 1
            set position (math $position + 1)
        else if test "$word" = --
            set ended 1
        else if string match -qr -- '^-.' "$word"
            switch "$node/$word"
                case TAKERS
                    set takes 1
            end
        else if test $position -gt 0
            set position (math $position + 1)
        else
            switch "$node/$word"
DESCENTS
                case '*'
                    set position (math $position + 1)
            end
        end
    end
    echo "$node/$position"
end
function __gradus_in
    string match -q -- "$argv[1]/*" (__gradus_standing)
end
function __gradus_at
    test (__gradus_standing) = "$argv[1]"
end
complete -c gradus -f`

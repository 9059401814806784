import { shellParts, shellWord } from './shell-words.ts'
import type { CompletedCommand } from './tree.ts'

/** The completion as a script for bash, 3.2 or later. */
export function bashCompletion(tree: readonly CompletedCommand[]): string {
  return `# Completion of gradus for bash. Made by "gradus completion bash".
${shellParts(tree, offers)}
${MAIN}`
}

function offers({ path, commands, options }: CompletedCommand): string {
  const names = commands.map(({ name }) => name).join(' ')
  const flags = options.flatMap((option) => option.flags).join(' ')
  return `    ${shellWord(path)}) commands=${shellWord(names)} options=${shellWord(flags)} ;;`
}

const MAIN = `_gradus() {
  local node='' value='' commands='' options='' position=0 ended=0 at word current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [[ -n $value ]]; then
      [[ $word == '=' ]] || value=''
    elif ((ended)); then
      position=$((position + 1))
    else
      case "$word" in
        --) ended=1 ;;
        -?*) _gradus_value "$word" ;;
        *) if ((position > 0)) || ! _gradus_command "$word"; then position=$((position + 1)); fi ;;
      esac
    fi
  done
  [[ $current == '=' ]] && current=''
  _gradus_offers
  if [[ -n $value ]]; then
    commands=''
  elif ((ended == 0)) && [[ $current == -* ]]; then
    commands="$options"
  else
    _gradus_argument "$position"
    ((position > 0 || ended)) && commands=''
  fi
  case "$value" in
    file) _gradus_reply -f "$current" ;;
    folder) _gradus_reply -d "$current" ;;
    words\\ *) commands="$commands \${value#words }" ;;
  esac
  COMPREPLY+=($(compgen -W "$commands" -- "$current"))
}
_gradus_reply() {
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$2")
}
complete -F _gradus gradus
`

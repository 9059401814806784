import { shellParts, shellWord } from './shell-words.ts'
import type { CompletedCommand } from './tree.ts'

/** The completion as a script for zsh: for `eval`, or as the file `_gradus` in a folder of `fpath`. */
export function zshCompletion(tree: readonly CompletedCommand[]): string {
  return `#compdef gradus
# Completion of gradus for zsh. Made by "gradus completion zsh".
${shellParts(tree, offers)}
${MAIN}`
}

function offers({ path, commands, options }: CompletedCommand): string {
  const names = commands.map(({ name, description }) => described(name, description)).join(' ')
  const flags = options.flatMap(({ flags: each, description }) => each.map((flag) => described(flag, description))).join(' ')
  return `    ${shellWord(path)}) commands=(${names}) options=(${flags}) ;;`
}

/** A word and what it is, as `_describe` takes them: a colon parts the two. */
function described(word: string, description: string): string {
  return shellWord(`${word}:${description.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}`)
}

const MAIN = `_gradus() {
  local node='' value='' position=0 ended=0 at word
  local -a commands options
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    if [[ -n $value ]]; then
      value=''
    elif ((ended)); then
      position=$((position + 1))
    else
      case "$word" in
        --) ended=1 ;;
        -*=*) ;;
        -?*) _gradus_value "$word" ;;
        *) if ((position > 0)) || ! _gradus_command "$word"; then position=$((position + 1)); fi ;;
      esac
    fi
  done
  _gradus_offers
  if [[ -z $value ]]; then
    if ((ended == 0)) && [[ $PREFIX == --*=* ]]; then
      _gradus_value "\${PREFIX%%=*}"
      compset -P '*='
    elif ((ended == 0)) && [[ $PREFIX == -* ]]; then
      _describe -o 'option' options
      return
    else
      _gradus_argument "$position"
      ((position > 0 || ended || $#commands == 0)) || _describe 'command' commands
    fi
  fi
  case "$value" in
    file) _files ;;
    folder) _files -/ ;;
    words\\ *) compadd -- \${=value#words } ;;
  esac
}
if [[ "\${funcstack[1]-}" == _gradus ]]; then
  _gradus "$@"
else
  compdef _gradus gradus
fi
`

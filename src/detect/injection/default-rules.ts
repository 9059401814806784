import { EARLIER, ORDERS, OVERRIDE, SECRETS, SEND } from './phrase-words.ts'
import type { InjectionRules } from './rule-schema.ts'

/**
 * The built-in indicators of prompt injection: what each looks for, how sure it is, and what it means. They find what is written plainly, and such disguises
 * as `foldText` and one level of base64 undo; a paraphrase passes. They are one layer among others, and say so by their confidence.
 */
export const INJECTION_RULES: InjectionRules = [
  {
    id: 'override_instructions',
    kind: 'words',
    meaning: 'orders the reader to set aside the instructions it was given',
    confidence: 0.9,
    gap_words: 3,
    phrases: [
      [OVERRIDE, EARLIER, ORDERS],
      [['do'], ['not'], ['follow', 'obey'], EARLIER, ORDERS],
      [['dont'], ['follow', 'obey'], EARLIER, ORDERS],
      [
        ['ignoriere', 'ignorieren', 'vergiss', 'missachte'],
        ['vorherigen', 'vorherige', 'bisherigen', 'obigen', 'alle'],
        ['anweisungen', 'regeln'],
      ],
      [
        ['ignora', 'ignore', 'olvida'],
        ['instrucciones', 'instrucoes', 'istruzioni', 'instructions'],
        ['anteriores', 'precedenti', 'precedentes', 'previas'],
      ],
      [
        ['ignorez', 'oubliez', 'ignore', 'oublie'],
        ['instructions', 'consignes'],
        ['precedentes', 'anterieures'],
      ],
    ],
  },
  {
    id: 'override_instructions_cjk',
    kind: 'literal',
    meaning: 'orders the reader, in Chinese, Japanese or Korean, to set aside its instructions',
    confidence: 0.9,
    texts: [
      '忽略之前的指令',
      '忽略以上指令',
      '忽略先前的指示',
      '無視之前的指令',
      '以前の指示を無視',
      'これまでの指示を無視',
      '이전 지시를 무시',
    ],
  },
  {
    id: 'new_role',
    kind: 'words',
    meaning: 'gives the reader another role or mode',
    confidence: 0.6,
    gap_words: 2,
    phrases: [
      [
        ['you'],
        ['are'],
        ['now'],
        ['dan', 'unrestricted', 'jailbroken', 'root', 'admin', 'administrator', 'developer', 'unfiltered'],
      ],
      [['developer', 'god', 'jailbreak', 'dan'], ['mode'], ['enabled', 'activated', 'on']],
      [
        ['pretend', 'act', 'behave'],
        ['no', 'without'],
        ['restrictions', 'limits', 'rules', 'guidelines', 'filters'],
      ],
    ],
  },
  {
    id: 'new_instructions',
    kind: 'words',
    meaning: 'announces instructions of its own',
    confidence: 0.5,
    gap_words: 2,
    phrases: [
      [['new', 'updated', 'real', 'actual'], ['system'], ['instructions', 'prompt', 'instruction', 'directive']],
      [['your'], ['new', 'real', 'actual'], ['task', 'instructions', 'goal', 'objective'], ['is', 'are']],
      [
        ['instructions', 'message', 'note'],
        ['for', 'to'],
        ['ai', 'llm', 'assistant', 'agent', 'chatbot'],
      ],
    ],
  },
  {
    id: 'reveal_prompt',
    kind: 'words',
    meaning: 'asks for the instructions the reader was given',
    confidence: 0.6,
    gap_words: 3,
    phrases: [
      [
        ['reveal', 'print', 'show', 'repeat', 'output', 'leak', 'disclose'],
        ['your', 'the', 'system', 'hidden'],
        ['prompt', 'instructions'],
      ],
      [['what'], ['is', 'are', 'were'], ['your'], ['system', 'initial', 'hidden', 'original'], ['prompt', 'instructions']],
    ],
  },
  {
    id: 'send_secrets',
    kind: 'words',
    meaning: 'orders that secrets be sent somewhere',
    confidence: 0.7,
    gap_words: 4,
    phrases: [
      [
        SEND,
        SECRETS,
        ['to', 'into', 'at'],
        ['http', 'https', 'www', 'url', 'webhook', 'endpoint', 'attacker', 'following', 'address'],
      ],
      [
        ['exfiltrate', 'leak'],
        [...SECRETS, 'data', 'database', 'file', 'files', 'history', 'conversation'],
      ],
    ],
  },
  {
    id: 'hide_from_user',
    kind: 'words',
    meaning: 'orders that the user be kept in the dark',
    confidence: 0.8,
    gap_words: 3,
    phrases: [
      [
        ['not', 'never', 'dont', 'without'],
        ['tell', 'telling', 'inform', 'informing', 'mention', 'alert', 'notify', 'notifying'],
        ['user', 'human', 'anyone', 'owner', 'operator'],
      ],
      [['hide', 'conceal'], ['this', 'it', 'these'], ['from'], ['user', 'human', 'owner', 'operator']],
    ],
  },
  {
    id: 'skip_approval',
    kind: 'words',
    meaning: 'claims or orders that no approval is needed',
    confidence: 0.5,
    gap_words: 3,
    phrases: [
      [
        ['without', 'skip', 'bypass'],
        ['asking', 'waiting', 'requesting', 'any'],
        ['approval', 'confirmation', 'permission', 'authorization'],
      ],
      [
        ['this'],
        ['has', 'was', 'is'],
        ['already', 'been'],
        ['approved', 'authorized'],
        ['by'],
        ['security', 'admin', 'administrator', 'ceo', 'management'],
      ],
    ],
  },
  {
    id: 'chat_markup',
    kind: 'literal',
    meaning: 'markup that chat templates use to begin a message of the system or the assistant',
    confidence: 0.8,
    texts: [
      '<|im_start|>',
      '<|im_end|>',
      '<|system|>',
      '<|start_header_id|>',
      '[inst]',
      '<<sys>>',
      '<|endoftext|>',
      '### system:',
      '</system>',
      '<system>',
    ],
  },
  {
    id: 'data_in_image_link',
    kind: 'literal',
    meaning: 'a picture link with a place for data in its address: rendering it sends the data',
    confidence: 0.6,
    texts: [
      '?data={',
      '?q={{',
      '/collect?secret=',
      '?leak=',
      '?exfil=',
      '&exfil=',
      'webhook.site/',
      'requestbin.',
      '.burpcollaborator.net',
      '.oast.fun',
      '.interact.sh',
    ],
  },
  {
    id: 'tag_characters',
    kind: 'characters',
    meaning: 'Unicode tag characters: text that only a machine reads (a flag takes seven)',
    confidence: 0.9,
    characters: 'tag',
    count_min: 16,
  },
  {
    id: 'zero_width_run',
    kind: 'characters',
    meaning: 'many zero-width characters: text may be hidden in them, or words split by them',
    confidence: 0.5,
    characters: 'zero_width',
    count_min: 24,
  },
  {
    id: 'bidi_controls',
    kind: 'characters',
    meaning: 'controls that reverse the direction of writing: what is shown is not what is read',
    confidence: 0.5,
    characters: 'bidi_control',
    count_min: 4,
  },
]

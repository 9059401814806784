import type { InjectionRules } from '../rule-schema.ts'
import { phrase } from './words.ts'

/** Signs that the reader is told to set aside what it was told before. */
export const OVERRIDE_RULES: InjectionRules = [
  {
    id: 'override_instructions',
    kind: 'words',
    group: 'override',
    meaning: 'orders the reader to set aside the instructions it was given',
    confidence: 0.9,
    gap_words: 3,
    phrases: [
      phrase('OVERRIDE EARLIER EARLIER_ORDERS'),
      phrase('SET_ASIDE WHATEVER ORDERS'),
      phrase('not|dont|never follow|obey|listen EARLIER EARLIER_ORDERS'),
      phrase('stop following|obeying EARLIER|WHATEVER ORDERS'),
      phrase(
        'SET_ASIDE everything|anything|whatever|all you|i|we|they told|said|instructed|given|know|learned|taught|wrote|asked',
      ),
      phrase('SET_ASIDE what you|i|we|they told|said|instructed|asked'),
    ],
  },
  {
    id: 'override_context',
    kind: 'words',
    group: 'override',
    meaning: 'orders the reader to set aside what came before',
    confidence: 0.6,
    gap_words: 2,
    phrases: [
      phrase(
        '.|please|now|and|then|must|stop|so|instead +disregard|forget|dismiss|abandon above|previous|prior|preceding|earlier|foregoing|before',
      ),
      phrase('.|please|now|and|then|must|stop|so +disregard|forget|abandon +everything|anything|all'),
      phrase('.|please|now|and|then|must|stop|so|instead +ignore +the|all|everything above +.|and'),
      phrase(
        '.|please|now|and|then|must|stop|so +ignore +everything|anything|all before|said|earlier|prior|previous|previously|until|written|know',
      ),
      phrase('pay +no +attention to above|previous|earlier|before|instructions'),
    ],
  },
  {
    id: 'sets_aside',
    kind: 'words',
    group: 'override',
    meaning: 'tells the reader to ignore something that came before',
    confidence: 0.42,
    gap_words: 2,
    phrases: [
      phrase('START +SET_ASIDE above|previous|prior|preceding|earlier|foregoing|previously'),
      phrase(
        'START +SET_ASIDE everything|anything|all|whatever above|before|said|earlier|prior|previous|previously|until|written|know',
      ),
      phrase('START +SET_ASIDE +instructions|orders'),
    ],
  },
  {
    id: 'override_and_answer',
    kind: 'words',
    group: 'override',
    meaning: 'orders the reader to ignore what it reads and to answer something else',
    confidence: 0.65,
    gap_words: 6,
    phrases: [
      phrase('START +SET_ASIDE|override and +ANSWER'),
      phrase('START +SET_ASIDE|override and +just|instead|only|simply +ANSWER'),
      phrase(
        'START +SET_ASIDE rest|data|document|content|text|info|information|webpage|page|indicators .|and|instead|except|for print|say|state|focus|report|output|respond|reply|following|instead',
      ),
    ],
  },
  {
    id: 'others_void',
    kind: 'words',
    group: 'override',
    meaning: 'says that no other instruction counts',
    confidence: 0.42,
    gap_words: 2,
    phrases: [
      phrase('OTHER TOLD is|are|now|into|on VOID'),
      phrase('OVERRIDE|erase|cast|omit|displace|nullify|render|eclipse|put +all|every|any|aside OTHER TOLD'),
      phrase('OVERRIDE|let +all|the +rest|else|others +.|and|as|fade'),
      phrase('disregard|ignore|dismiss +all|the +others|rest'),
      phrase('everything|all +else|others is|are|now VOID'),
      phrase('the +rest|others are|is|fade|now VOID'),
    ],
  },
  {
    id: 'only_this_counts',
    kind: 'words',
    group: 'obey',
    meaning: 'says that this one instruction is all that counts',
    confidence: 0.32,
    gap_words: 1,
    phrases: [
      phrase('your|this +one|only|sole|single|singular|primary|exclusive|prime|solitary|particular +TOLD_ONE|and|only'),
      phrase('the +only|sole +TOLD_ONE'),
      phrase('this|one +is +your|the only|sole|primary|exclusive|prime|singular|one +.|to|that|and|TOLD_ONE'),
      phrase('focus|act|concentrate|directed|adhere|dedicate solely|exclusively|purely|strictly|only|precision on|to|this'),
      phrase('this +one +takes|is|jumps|reigns'),
    ],
  },
  {
    id: 'instead_do',
    kind: 'words',
    group: 'switch',
    meaning: 'switches to another task',
    confidence: 0.2,
    gap_words: 2,
    phrases: [
      phrase('instead print|say|output|respond|reply|answer|send|tell|follow|execute|perform|do|focus'),
      phrase('do|say|print|perform|execute|answer +instead +.'),
      phrase('.|now +stop +.'),
      phrase('new +task +.|is|write|answer|now'),
    ],
  },
  {
    id: 'voids_instructions',
    kind: 'words',
    group: 'override',
    meaning: 'says that earlier instructions do not hold any more',
    confidence: 0.62,
    gap_words: 3,
    phrases: [
      phrase(
        'instructions|guidelines|prompt are|is|have|been +void|superseded|cancelled|canceled|overridden|revoked|lifted|suspended|obsolete|outdated|invalid',
      ),
      phrase('instructions|guidelines|prompt|orders|told no +longer apply|valid|count|counts|hold|relevant'),
      phrase('your|previous|earlier|all +rules no +longer apply|valid|count|counts|hold|relevant'),
      phrase(
        'overrides|supersedes|supersede|overriding|superseding|replaces all|any|previous|other|prior|your|existing instructions|guidelines|prompts|directives|orders|prompt',
      ),
      phrase('precedence|priority +over all|any|previous|other|prior|your instructions|guidelines|prompts|orders|prompt'),
      phrase(
        'regardless|irrespective|instead +of previous|prior|earlier|original|your instructions|tasks|task|prompt|guidelines|orders',
      ),
      phrase(
        'remove|erase|delete|drop all|previous|prior|earlier previous|prior|earlier|your instructions|tasks|prompts|orders|memory',
      ),
    ],
  },
]

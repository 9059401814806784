import type { InjectionRules } from '../rule-schema.ts'
import { phrase } from './words.ts'

/** Signs that a text tells its reader what to answer, what to give away, or whom to play. */
export const ANSWER_RULES: InjectionRules = [
  {
    id: 'if_questioned',
    kind: 'words',
    group: 'answer',
    meaning: 'prescribes what to say to whoever asks',
    confidence: 0.5,
    gap_words: 3,
    phrases: [
      phrase('if +questioned|challenged say|report|respond|reply|answer|tell|claim|state that|with'),
      phrase('if +asked|someone why|about|how|what simply|just|always|only +say|respond|reply|answer|report'),
    ],
  },
  {
    id: 'exact_answer',
    kind: 'words',
    group: 'answer',
    meaning: 'prescribes word for word what to answer',
    confidence: 0.28,
    gap_words: 2,
    phrases: [
      phrase('if|when +asked|questioned respond|say|reply|report|output|answer'),
      phrase('simply|always|only +respond|reply|answer +with|that'),
      phrase(
        'ANSWER +only|exactly|nothing|just|verbatim|solely|with|simply with|words|word|following|phrase|text|nothing|else|only|sentence|exactly',
      ),
      phrase('nothing|anything +else|more +.'),
      phrase('begin|start +your +response|answer|reply|output +with'),
      phrase('ANSWER the +following|words|phrase|sentence|exact'),
      phrase('your +response|answer|reply|output +must|should|will|has only|exactly|be|contain|start|begin'),
    ],
  },
  {
    id: 'reveal_prompt',
    kind: 'words',
    group: 'reveal',
    meaning: 'asks for the instructions the reader was given',
    confidence: 0.65,
    gap_words: 3,
    phrases: [
      phrase('REVEAL your|system|hidden|initial prompt|instructions|prompts|directives|commands'),
      phrase('RECITE original|above|previous|preceding|prior prompt|instructions|prompts|directives|commands'),
      phrase('reveal|repeat|leak|disclose|recite all|entire|full|these instructions|directives'),
      phrase('REVEAL original|all|above|previous|preceding|entire|full|these|prior prompt|prompts'),
      phrase('reveal|repeat|leak|disclose the prompt|instructions'),
      phrase('print|show|output +the|me +prompt|instructions|the +prompt|instructions|.'),
      phrase(
        'what is|are|were|was|did your|the +system|initial|hidden|original|previous|first|exact|above prompt|instructions|instruction',
      ),
      phrase('repeat|print|output|copy|recite everything|text|words|all above|before|verbatim|so'),
      phrase('instructions +so +far'),
    ],
  },
  {
    id: 'ask_secret',
    kind: 'words',
    group: 'reveal',
    meaning: 'asks for a secret that the reader keeps',
    confidence: 0.5,
    gap_words: 2,
    phrases: [
      phrase('what|whats|reveal|tell|give|share|print|show|say|output your secret|password|passphrase|passcode|key'),
      phrase('tell|give|show +me|us the|our secret|password|passphrase|passcode|key'),
    ],
  },
  {
    id: 'asks_for_the_key',
    kind: 'words',
    group: 'reveal',
    meaning: 'speaks of showing a secret, as texts about keys do, too',
    confidence: 0.3,
    gap_words: 2,
    phrases: [phrase('what|whats|reveal|tell|share|print|show|say|output the|our secret|password|passphrase|passcode|key')],
  },
  {
    id: 'new_role',
    kind: 'words',
    group: 'role',
    meaning: 'gives the reader another role or mode',
    confidence: 0.6,
    gap_words: 2,
    phrases: [
      phrase(
        'enter|entering|entered|switch|activate|enable|enabled|activated|into root|god|sudo|unrestricted|override|dan|jailbreak +mode',
      ),
      phrase('you are now dan|unrestricted|jailbroken|root|admin|administrator|developer|unfiltered|free|evil|uncensored'),
      phrase('god|jailbreak|dan|sudo mode enabled|activated|on|engaged|output'),
      phrase('pretend|act|behave|respond|answer no|without restrictions|limits|rules|guidelines|filters|limitations|censorship'),
      phrase('do +anything +now'),
    ],
  },
  {
    id: 'switches_mode',
    kind: 'words',
    group: 'role',
    meaning: 'speaks of a mode with more rights, as manuals of programs do, too',
    confidence: 0.4,
    gap_words: 2,
    phrases: [
      phrase(
        'enter|entering|entered|switch|activate|enable|enabled|activated|into maintenance|debug|diagnostic|developer|admin|test +mode',
      ),
      phrase('developer|debug|maintenance|diagnostic mode enabled|activated|on|engaged|output'),
      phrase('you +are operating|running|now +in developer|debug|maintenance|diagnostic|admin|test +mode'),
    ],
  },
  {
    id: 'act_as',
    kind: 'words',
    group: 'role',
    meaning: 'asks the reader to play somebody',
    confidence: 0.3,
    gap_words: 2,
    phrases: [
      phrase('you +are +now|no'),
      phrase('from +now +on'),
      phrase('pretend|imagine +to|you|that be|are|you|were'),
      phrase('want|will|must|going +you|to|now act|pretend|roleplay|behave as|to|like'),
      phrase('stay|remain +in +character'),
      phrase('.|please|now|and +act|roleplay +as'),
    ],
  },
  {
    id: 'no_limits',
    kind: 'words',
    group: 'limits',
    meaning: 'says that the limits of a model do not hold',
    confidence: 0.32,
    gap_words: 2,
    phrases: [
      phrase(
        'no|without|any|free|ignore|not|all|bypass|disable ethical|moral|safety|content|openai|restrictions guidelines|restrictions|limitations|filters|policies|policy|constraints|protocols|whatsoever|principles|boundaries',
      ),
      phrase(
        'jailbreak|jailbroken|unrestricted|unfiltered|uncensored|amoral ai|mode|chatbot|model|response|responses|assistant|version',
      ),
      phrase('broken|break|freed free|from|of confines|ai|rules|restrictions|typical'),
    ],
  },
  {
    id: 'in_your_answer',
    kind: 'words',
    group: 'answer',
    meaning: 'says what to put into the answer',
    confidence: 0.3,
    gap_words: 8,
    phrases: [
      phrase(
        '.|please|must|and|also|always|then +include|add|mention|append|insert|put|end|embed in|to|at|with +your +response|summary|answer|reply|output|review|analysis',
      ),
    ],
  },
]

import type { InjectionRules } from '../rule-schema.ts'
import { phrase } from './words.ts'

/** Signs that a text speaks to a model, and claims that it may give it orders. */
export const CLAIM_RULES: InjectionRules = [
  {
    id: 'message_from_principal',
    kind: 'words',
    group: 'authority',
    meaning: 'claims to be a message of the user, the owner or the system',
    confidence: 0.5,
    gap_words: 2,
    phrases: [
      phrase(
        'important|urgent|critical|special|direct|official message|instruction|instructions|notice|note|request|order|command from|by PRINCIPAL',
      ),
      phrase(
        'message|instruction|instructions|order|command +from +the|your +user|owner|developer|developers|system|creator|admin|administrator',
      ),
      phrase('message|instruction|instructions|order|command +from +me +to|.'),
      phrase('i|we +am|are|work your +developer|developers|creator|owner|administrator|boss|engineer'),
      phrase('this|i +is|am your +user|owner|admin|administrator|developer|creator +.|of|and|who|speaking|i'),
      phrase('i +am +the +user|owner|admin|administrator|developer|creator +.|of|and|who|speaking|i'),
    ],
  },
  {
    id: 'addresses_model',
    kind: 'words',
    group: 'address',
    meaning: 'speaks to a model, not to a person',
    confidence: 0.3,
    gap_words: 2,
    phrases: [
      phrase('dear|hey|hello|hi|attention|hallo MODEL .|model|developed|assistant|agent|reading|processing'),
      phrase('to +you +ai|gpt|claude|chatgpt|the|model|assistant'),
      phrase('you +ai|gpt|chatgpt|claude|llm|assistant|chatbot'),
      phrase('if|when|since|because +you +are ai|llm|assistant|model|agent|bot|chatbot'),
      phrase('as +an +ai|llm'),
    ],
  },
  {
    id: 'casts_model',
    kind: 'words',
    group: 'address',
    meaning: 'says what the reader is: a model',
    confidence: 0.1,
    gap_words: 2,
    phrases: [phrase('you +are +a|an|the ai|assistant|chatbot|llm|bot|model')],
  },
  {
    id: 'note_to_model',
    kind: 'words',
    group: 'address',
    meaning: 'a note that is meant for a model which reads the data',
    confidence: 0.55,
    gap_words: 2,
    phrases: [
      phrase('. instructions|instruction|message|note|notice|attention|reminder +for|to|all MODEL'),
      phrase(
        '. note|notice|instructions|profile|metadata for|to automated +systems|system|software|screening|analysis|tools|tool|agents|review',
      ),
      phrase('invisible|hidden|unseen to|from humans|human|people|readers'),
      phrase('visible|readable|intended to|by|for|only llm|llms|ai|machines|models|bots'),
      phrase(
        'if|any|all +an|you|any|ai ai|llm|language|model|assistant|agent reads|reading|read|processes|processing|sees|parsing',
      ),
      phrase('.|note +attention|attn ai|llm|assistant|chatgpt|claude|language'),
    ],
  },
  {
    id: 'claims_consent',
    kind: 'words',
    group: 'authority',
    meaning: 'claims that the user wants it or has agreed',
    confidence: 0.33,
    gap_words: 2,
    phrases: [
      phrase(
        'the|this|your +user +has|already|also requested|authorized|approved|consented|asked|agreed|instructed|confirmed|given',
      ),
      phrase('user|explicit +verified|confirmation|consent|approval +given|granted|obtained|as|.'),
      phrase('as +the|your system|administrator|developer|owner|admin|creator +i|we|.'),
      phrase(
        'you +are|were|have +authorized|permitted|instructed|commanded|ordered|obligated|been to|authorized|instructed|granted|ordered',
      ),
      phrase('authorized|authorised +by +the|an|your user|owner|admin|administrator|developer|security|management'),
      phrase('authorized|approved +by security|management|ceo|it|legal|compliance|admin|administrator'),
    ],
  },
  {
    id: 'changes_model',
    kind: 'words',
    group: 'authority',
    meaning: 'says that the reader has been changed',
    confidence: 0.5,
    gap_words: 2,
    phrases: [
      phrase('you +have +been updated|reprogrammed|upgraded|hacked|reset|jailbroken|reassigned|compromised|reconfigured'),
      phrase(
        'your +role|behavior|behaviour|purpose|instructions|programming|guidelines has|have|is|are been|now changed|updated|replaced|to|overridden|set',
      ),
    ],
  },
]

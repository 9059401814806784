/** Words that phrases of the built-in rules name by the name of their list. */
const WORDS: Readonly<Record<string, string | undefined>> = {
  /** Where an order begins: the start of a sentence, or what leads into it. */
  START: '.|please|now|and|then|must|should|just|instead|kindly|but|so|first|okay|stop',
  /** What an injection tells a model to do with what it was told before. */
  SET_ASIDE: 'ignore|disregard|forget|abandon|dismiss|discard|overlook|neglect',
  /** What else it says of them, and what honest texts say of other things. */
  OVERRIDE: 'ignore|disregard|forget|abandon|dismiss|discard|overlook|neglect|override|bypass|skip|circumvent|violate|break',
  /** How it names what came before, and little else. */
  EARLIER:
    'previous|prior|above|earlier|preceding|original|foregoing|your|past|former|initial|aforementioned|previously|given|safety',
  /** How it names what it wants gone, all of it. */
  WHATEVER: 'all|any|other|every|existing|old|current|the|these|those|system',
  /** What it calls the instructions that it wants gone. */
  ORDERS:
    'instruction|instructions|prompt|prompts|guidelines|directions|directives|guardrails|programming|commands|orders|constraints|restrictions|safeguards|conversation|conversations|training|rules',
  /** What it calls them besides, where it is said that they came before. */
  EARLIER_ORDERS:
    'instruction|instructions|prompt|prompts|guidelines|directions|directives|guardrails|programming|commands|orders|constraints|restrictions|safeguards|conversation|conversations|training|rules|rule|directive|assignments|tasks|task|request|requests|context|policies|text|message',
  /** What is there besides the instruction that is to count. */
  OTHER: 'other|others|else|prior|previous|preceding|upcoming|subsequent|future|forthcoming',
  /** What a reader was told, all of it. */
  TOLD: 'instruction|instructions|directive|directives|guideline|guidelines|task|tasks|orders|command|commands|rule|rules|advice|procedures|agendas|ones',
  /** The one that is to count. */
  TOLD_ONE:
    'instruction|directive|command|task|focus|priority|objective|mandate|concern|guideline|rule|order|charge|quest|pursuit|doctrine|edict|imperative|action',
  /** What is said of what shall not count. */
  VOID: 'void|null|irrelevant|obsolete|secondary|subordinate|canceled|cancelled|rescinded|extraneous|ignored|mute|background|suggestions|scope|static|shadows|peripheral|eclipsed',
  /** The instructions of a model, and of little else. */
  INSTRUCTIONS: 'instruction|instructions|directive|directives|orders|prompt|commands|command|directions',
  /** A model, by any of its names. */
  MODEL: 'gpt|chatgpt|claude|gemini|llm|llms|copilot|assistant|chatbot|ai|bot|agent|agents|llama',
  /** Who gives orders. */
  PRINCIPAL: 'user|owner|admin|administrator|developer|developers|operator|system|me|anthropic|openai|creator|ceo',
  /** How a model is told to answer. */
  ANSWER: 'print|say|output|respond|reply|answer|repeat|write|state|return|tell|report|translate|show|display|give|recommend',
  /** What it wants to have. */
  SECRET: 'password|passwords|secret|secrets|credentials|credential|token|tokens|apikey|key|keys',
  /** How it wants to have it. */
  SEND: 'send|forward|post|upload|exfiltrate|email|transmit|leak|append|include',
  /** How a model is asked to say again what it was told. */
  RECITE: 'reveal|print|show|repeat|output|leak|disclose|display|recite|translate|spell|paraphrase|rephrase|dump',
  /** How it is asked for that, and for much else. */
  REVEAL:
    'reveal|print|show|repeat|output|leak|disclose|display|recite|summarize|summarise|translate|copy|list|tell|spell|paraphrase|rephrase|rewrite|encode|explain|describe|state|write|give|share|dump',
}

/**
 * The steps of a phrase: apart by spaces, each its words with `|` between them; `+` before a step that follows directly; a name in capitals for the words of
 * that name.
 */
export function phrase(text: string): readonly (readonly string[])[] {
  return text.split(' ').map((step) => {
    const isNext = step.startsWith('+')
    const words = (isNext ? step.slice(1) : step).split('|').flatMap((word) => (WORDS[word] ?? word).split('|'))
    return isNext ? ['+', ...words] : words
  })
}

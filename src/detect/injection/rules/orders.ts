import type { InjectionRules } from '../rule-schema.ts'
import { phrase } from './words.ts'

/** Signs that the text orders something of whoever reads it for another. */
export const ORDER_RULES: InjectionRules = [
  {
    id: 'task_first',
    kind: 'words',
    group: 'new_task',
    meaning: 'puts a task of its own before that of the user',
    confidence: 0.55,
    gap_words: 4,
    phrases: [
      phrase(
        'you +must|will|should|shall|need|are|have +now|first to|reply|respond|write|say|do|send|answer|follow|act|execute|perform',
      ),
      phrase('do|perform|execute|complete|need +the|this|these|following +following|first|steps|actions|instructions +first'),
      phrase('do|perform|execute|complete +this|these +first +.'),
      phrase('after +you|doing|that that|this|do|have can|continue|solve|resume|proceed task|request|solve|question|work'),
    ],
  },
  {
    id: 'steps_follow',
    kind: 'words',
    group: 'new_task',
    meaning: 'says that steps to be taken follow, as manuals do, too',
    confidence: 0.3,
    gap_words: 4,
    phrases: [phrase('do|perform|execute|complete|need +the|this|these|following +following|steps +steps|actions|.')],
  },
  {
    id: 'speaks_of_task',
    kind: 'words',
    group: 'task',
    meaning: 'speaks of the task that the reader was given',
    confidence: 0.28,
    gap_words: 2,
    phrases: [
      phrase(
        'before you|solving|answering|continuing|doing|completing|proceeding solve|do|continue|answer|start|proceed|respond|finish|complete|task|help task|question|request|user|problem|query|tasks|must',
      ),
      phrase('task|tasks|question|request|instructions|job i|user|that|we gave|given|asked|assigned you|me|to'),
      phrase(
        'your|the|users +original|initial|primary|current|actual|main +task|goal|objective|instruction|request|assignment|mission|instructions',
      ),
      phrase('while|before|when +solving|completing the|your|this +task|request|users'),
      phrase('when|if|whenever +the|user|a|asked user|asks|ask|for asks|ask|summary|requests|about|summarize|for'),
    ],
  },
  {
    id: 'obey_text',
    kind: 'words',
    group: 'obey',
    meaning: 'demands that its own instructions be followed',
    confidence: 0.32,
    gap_words: 3,
    phrases: [
      phrase('execute|perform|complete|out +the +following +instructions|actions|action|tasks|task|orders|instruction'),
      phrase('secret|hidden|covert +instruction|instructions|directive|task|command'),
      phrase(
        'strictly|must|always|only|exactly|solely|carefully|immediately follow|adhere|obey|comply|execute|followed INSTRUCTIONS',
      ),
      phrase('follow|obey|adhere|execute|complete these|following|my|this|them INSTRUCTIONS|carefully'),
      phrase('must|required|obligated|have obey|comply'),
      phrase('you +obey'),
      phrase('only listen|follow|obey me|my|this|these'),
      phrase('focus +only|exclusively|solely on'),
    ],
  },
  {
    id: 'tool_order',
    kind: 'words',
    group: 'tool',
    meaning: 'orders that a tool be used',
    confidence: 0.3,
    gap_words: 3,
    phrases: [
      phrase(
        'you|must|should|please|to use|call|invoke|run|execute|trigger +the|your|this tool|function|tools|api|plugin|functions',
      ),
      phrase('tool|function with +the|following|these arguments|parameters|args'),
      phrase('.|please|then|and|must +call|invoke|trigger tool|function|plugin'),
      phrase('substitute|replace placeholders|placeholder values'),
    ],
  },
  {
    id: 'order',
    kind: 'words',
    group: 'order',
    meaning: 'gives an order',
    confidence: 0.08,
    gap_words: 1,
    phrases: [
      phrase(
        'START +send|transfer|delete|forward|make|book|reserve|visit|post|invite|share|upload|download|buy|pay|say|print|write|tell|recommend|reply|respond|grant|unlock|remove|cancel|schedule|change|update|create|add|state|output|translate|answer|repeat|use|execute|provide|retrieve|give|show|let|help|do|verify|ensure',
      ),
    ],
  },
  {
    id: 'sends_out',
    kind: 'words',
    group: 'send',
    meaning: 'orders that something be sent to an address',
    confidence: 0.25,
    gap_words: 10,
    phrases: [phrase('START +SEND|transfer|share to|at http|https|www|com|org|net|iban|channel|webhook')],
  },
  {
    id: 'send_secrets',
    kind: 'words',
    group: 'send',
    meaning: 'orders that secrets be sent somewhere',
    confidence: 0.7,
    gap_words: 4,
    phrases: [
      phrase('SEND SECRET to|into|at http|https|www|url|webhook|endpoint|attacker|following|address'),
      phrase('START +exfiltrate|leak history|conversation'),
    ],
  },
  {
    id: 'gives_data_away',
    kind: 'words',
    group: 'send',
    meaning: 'orders that data be taken out, without saying where to; pages about security say so, too',
    confidence: 0.3,
    gap_words: 4,
    phrases: [phrase('START +exfiltrate|leak SECRET|data|database|file|files')],
  },
  {
    id: 'hide_from_user',
    kind: 'words',
    group: 'secrecy',
    meaning: 'orders that the user be kept in the dark',
    confidence: 0.8,
    gap_words: 3,
    phrases: [
      phrase(
        'not|never|dont|without tell|telling|inform|informing|mention|mentioning|alert|alerting|notify|notifying user|human|anyone|owner|operator|users',
      ),
      phrase('hide|conceal|keep this|it|these from user|human|owner|operator'),
    ],
  },
  {
    id: 'secrecy',
    kind: 'words',
    group: 'secrecy',
    meaning: 'orders that something be done without being seen',
    confidence: 0.3,
    gap_words: 2,
    phrases: [
      phrase('silently|secretly|covertly|discreetly|stealthily send|forward|delete|copy|add|include|transfer|upload|execute|run'),
      phrase('without +being|leaving|raising|drawing|triggering noticed|detected|trace|attention|suspicion|alerts|any'),
      phrase('not|dont|never +mention|reveal|disclose|acknowledge this|these|that|message|instruction|instructions'),
      phrase('goes|remain|remains|stay +unnoticed|undetected'),
    ],
  },
  {
    id: 'skip_approval',
    kind: 'words',
    group: 'approval',
    meaning: 'claims or orders that no approval is needed',
    confidence: 0.45,
    gap_words: 3,
    phrases: [
      phrase('do|no|not|dont +not|need|ask ask|need|wait|require|for confirmation|permission|approval'),
      phrase('no +confirmation|approval|permission +is|needed|required|necessary'),
      phrase('without|skip|bypass asking|waiting|requesting|any approval|confirmation|permission|authorization'),
      phrase('this has|was|is already|been approved|authorized by security|admin|administrator|ceo|management'),
    ],
  },
  {
    id: 'urgency',
    kind: 'words',
    group: 'urgency',
    meaning: 'presses, or says how important it is',
    confidence: 0.12,
    gap_words: 1,
    phrases: [
      phrase('very|really|extremely|critically|most +important|urgent|critical|crucial'),
      phrase('. +important|urgent|attention|warning|critical +.'),
      phrase('top|highest +priority'),
      phrase('immediately|urgently|asap|imperative'),
      phrase('important|urgent +message|instruction|instructions'),
    ],
  },
  {
    id: 'on_reading',
    kind: 'words',
    group: 'task',
    meaning: 'says what to do when this text is read',
    confidence: 0.32,
    gap_words: 1,
    phrases: [
      phrase(
        'when|while|before|after|upon +processing|reading|summarizing|summarising|analyzing|analysing|parsing|translating|reviewing +this|the +document|email|page|text|file|content|message|review|data|webpage|website|article',
      ),
      phrase(
        'ai|llm|llms|assistant|assistants|bots|whoever +reading|processing|parsing|summarizing|analyzing|scanning|who|that +this|the|these|reads|process|read',
      ),
    ],
  },
  {
    id: 'model_must',
    kind: 'words',
    group: 'address',
    meaning: 'says what a model must do',
    confidence: 0.22,
    gap_words: 2,
    phrases: [
      phrase(
        'assistant|assistants|ai|llm|llms|chatbot|chatgpt|claude|gpt must|should|shall|required|obligated|ordered|instructed',
      ),
    ],
  },
]

// The types of lab runs, for the checker and for readers. Made by docs/lab_protocol_js.py from server/lab_events.py,
// server/courses/shapes.py and server/web/lab_views.py. A field in brackets is left out while it holds its default.

/**
 * An answer that is known from before the run. ``choice`` is empty for "I don't know" and for what was skipped.
 *
 * @typedef {object} Answer
 * @property {number} step
 * @property {"predict" | "explain"} kind
 * @property {number} question
 * @property {string} choice
 * @property {string | null} [measured]
 * @property {boolean | null} [fits]
 */

/**
 * One action that somebody asked for.
 *
 * @typedef {object} Asked
 * @property {number} [action]
 * @property {number} [start]
 * @property {string} [host]
 * @property {string | null} [text]
 */

/**
 * A row that shows something: ``key`` opens its evidence on the page, ``seq`` is since when it is so.
 *
 * @typedef {object} Proof
 * @property {string} key
 * @property {number} seq
 * @property {string} words
 */

/**
 * What the run says to a prediction.
 *
 * @typedef {object} Measured
 * @property {string | null} [value]
 * @property {string | null} [label]
 * @property {boolean | null} [fits]
 */

/**
 * A question: the labels of its options, the right one, whether a number is asked for and whether a run answers.
 *
 * @typedef {object} QuestionOutline
 * @property {string[]} labels
 * @property {boolean} last_stays
 * @property {string | null} right
 * @property {boolean} number
 * @property {boolean} measured
 */

/**
 * A step: what can be done in it, and how many of what it has.
 *
 * @typedef {object} StepOutline
 * @property {string} title
 * @property {boolean} task
 * @property {("run" | "type" | "wait" | "other")[]} actions
 * @property {string[]} texts
 * @property {QuestionOutline[]} predicts
 * @property {QuestionOutline[]} explains
 * @property {number} checks
 * @property {number} hints
 */

/**
 * A lab: its steps.
 *
 * @typedef {object} Outline
 * @property {StepOutline[]} steps
 */

/**
 * A run of a lab begins, with what is known of the learner from before.
 *
 * @typedef {object} LabBegun
 * @property {"lab.begun"} type
 * @property {string} lab
 * @property {string} edition
 * @property {number} steps
 * @property {number} step
 * @property {number} began
 * @property {number} [order]
 * @property {Answer[]} [answers]
 * @property {number[]} [settled]
 * @property {boolean} [finished]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * An act of the learner was accepted; what it brings about follows. ``act`` is the id that the page gave it.
 *
 * @typedef {object} LabActAccepted
 * @property {"lab.act.accepted"} type
 * @property {string} act
 * @property {string} name
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * An act of the learner was refused; nothing else came of it.
 *
 * @typedef {object} LabActRefused
 * @property {"lab.act.refused"} type
 * @property {string} act
 * @property {string} name
 * @property {string} title
 * @property {string} detail
 * @property {string} [hint]
 * @property {number} [status]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * New hosts are being made; the steps before ``step`` will be played as the lab has them (``through``: it too).
 *
 * @typedef {object} LabRebuildBegun
 * @property {"lab.rebuild.begun"} type
 * @property {number} step
 * @property {"start" | "restart"} why
 * @property {boolean} [through]
 * @property {Asked[]} [redo]
 * @property {boolean} [shown]
 * @property {number} [hints]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The run has a new sandbox: the one in ``sandbox``.
 *
 * @typedef {object} LabSandboxOpened
 * @property {"lab.sandbox.opened"} type
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * No sandbox could be made.
 *
 * @typedef {object} LabSandboxRefused
 * @property {"lab.sandbox.refused"} type
 * @property {string} title
 * @property {string} detail
 * @property {string} [hint]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * A step before the one to begin with is being played by the lab itself.
 *
 * @typedef {object} LabStepReplayed
 * @property {"lab.step.replayed"} type
 * @property {number} step
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The steps before ``step`` have been played; the learner can act.
 *
 * @typedef {object} LabRebuilt
 * @property {"lab.rebuilt"} type
 * @property {number} step
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The run's sandbox has ended, or cannot be used any more. Nothing of the run is lost by it.
 *
 * @typedef {object} LabSandboxLost
 * @property {"lab.sandbox.lost"} type
 * @property {string} why
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * A step begins: what happens in the sandbox after ``at`` is "since the step began".
 *
 * @typedef {object} LabStepEntered
 * @property {"lab.step.entered"} type
 * @property {number} step
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * A question was answered: a prediction before its run, or an explanation after it.
 *
 * @typedef {object} LabQuestionAnswered
 * @property {"lab.question.answered"} type
 * @property {number} step
 * @property {"predict" | "explain"} kind
 * @property {number} question
 * @property {string} choice
 * @property {boolean | null} [fits]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * Actions will be carried out, one after the other. ``shown``: by the lab for the learner, at full speed.
 *
 * @typedef {object} LabActionsRequested
 * @property {"lab.actions.requested"} type
 * @property {number} step
 * @property {Asked[]} actions
 * @property {boolean} [shown]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The next of the requested actions is being carried out.
 *
 * @typedef {object} LabActionBegun
 * @property {"lab.action.begun"} type
 * @property {number} step
 * @property {number} action
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * An action has ended: done, stopped by the learner, or refused (``detail`` says why).
 *
 * @typedef {object} LabActionEnded
 * @property {"lab.action.ended"} type
 * @property {number} step
 * @property {number} action
 * @property {"done" | "stopped" | "refused"} outcome
 * @property {string} [detail]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * A check says something else than before.
 *
 * @typedef {object} LabCheckChanged
 * @property {"lab.check.changed"} type
 * @property {number} step
 * @property {number} check
 * @property {"waiting" | "partly" | "true" | "lost"} mood
 * @property {number} [since]
 * @property {number} [lost]
 * @property {number | null} [count]
 * @property {number | null} [wanted]
 * @property {Proof[]} [rows]
 * @property {number} [more]
 * @property {number[]} [hints]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The learner has asked for a hint of the step, and got the one with this index.
 *
 * @typedef {object} LabHintOffered
 * @property {"lab.hint.offered"} type
 * @property {number} step
 * @property {number} hint
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The command of a tool view runs on its host as process ``pid``; its output is in the sandbox's log.
 *
 * @typedef {object} LabToolUsed
 * @property {"lab.tool.used"} type
 * @property {number} step
 * @property {number} tool
 * @property {number} [pid]
 * @property {string} [detail]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * All checks of a step have been true and nothing more happens: what was measured is the result.
 *
 * @typedef {object} LabStepSettled
 * @property {"lab.step.settled"} type
 * @property {number} step
 * @property {number} decided
 * @property {Measured[]} [measured]
 * @property {boolean} [shown]
 * @property {boolean} [rebuilt]
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The last step has settled: the learner has been at the end of the lab.
 *
 * @typedef {object} LabFinished
 * @property {"lab.finished"} type
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The lab's file has changed. ``same``: only in its words, so that the run goes on.
 *
 * @typedef {object} LabEdited
 * @property {"lab.edited"} type
 * @property {string} edition
 * @property {number} steps
 * @property {boolean} same
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/**
 * The run is over: its learner has deleted it. This is its last event.
 *
 * @typedef {object} LabGivenUp
 * @property {"lab.given_up"} type
 * @property {string} why
 * @property {number} seq
 * @property {number} t
 * @property {string} [sandbox]
 * @property {number} [at]
 */

/** @typedef {LabBegun | LabActAccepted | LabActRefused | LabRebuildBegun | LabSandboxOpened | LabSandboxRefused | LabStepReplayed | LabRebuilt | LabSandboxLost | LabStepEntered | LabQuestionAnswered | LabActionsRequested | LabActionBegun | LabActionEnded | LabCheckChanged | LabHintOffered | LabToolUsed | LabStepSettled | LabFinished | LabEdited | LabGivenUp} LabEvent */

/**
 * A lab run.
 *
 * @typedef {object} RunState
 * @property {number} seq The last event of the run.
 * @property {number} t Its time, in nanoseconds since the run began.
 * @property {string} lab The name of the lab.
 * @property {string} edition What its files are.
 * @property {number} steps How many steps it has.
 * @property {number} order What the order of the options of each question is drawn from; 0: as the lab has them.
 * @property {string} sandbox The present sandbox; empty if there is none.
 * @property {number} at The last event of the sandbox that the run had seen.
 * @property {"none" | "building" | "live" | "ended"} mood Nothing runs; the steps before the goal are being played; the learner can act; the sandbox is gone.
 * @property {number} goal The step that the present sandbox was made for.
 * @property {number} replaying The step that the lab is playing; 0 if none.
 * @property {string} why Why the sandbox is gone; empty while it is there.
 * @property {number} step The step that the learner is at.
 * @property {boolean} finished Whether the learner has been at the end of the lab.
 * @property {string} refusal Why the last act was refused; empty if it was not.
 * @property {number} refused The event of the run that says so.
 * @property {Record<string, Refusal | null>} acts The acts that were decided, by id; None if accepted, or the refusal.
 * @property {Record<string, GivenAnswer>} answers The answers, by step, kind and index of the question.
 * @property {number[]} settled The steps that were done at any time.
 * @property {Record<string, EnteredStep>} entered The steps of the present sandbox; while it is being made, those of the last one.
 * @property {Record<string, ToolState>} tools The commands of tool views that were run, by step and index.
 * @property {AskedAction[]} redo What is carried out again once the run is rebuilt.
 * @property {boolean} redo_shown Whether that is done by the lab for the learner.
 * @property {number} redo_hints How many hints of the step had been offered.
 * @property {string | null} closed Why the run is over; None while it is not.
 */

/**
 * Why an act was refused, as an RFC 9457 problem has it.
 *
 * @typedef {object} Refusal
 * @property {string} title What kind of refusal it is.
 * @property {string} detail What was wrong this time.
 * @property {string} hint What the person can do; empty if nothing.
 * @property {number} status The HTTP status.
 */

/**
 * An answer to a question.
 *
 * @typedef {object} GivenAnswer
 * @property {string} choice The option's label, or a number; empty for "I don't know", or for an explanation that was skipped.
 * @property {string | null} measured What the run says; None until it has, or if no run answers this question.
 * @property {boolean | null} fits Whether the choice is what the run (or the lab) says; None until that is known.
 */

/**
 * A step that was entered in a sandbox.
 *
 * @typedef {object} EnteredStep
 * @property {"entered" | "running" | "settled"} phase Whether its actions were begun, and whether it has settled.
 * @property {string} sandbox The sandbox.
 * @property {number} after The event of the sandbox after which the step began.
 * @property {Record<string, "doing" | "done" | "failed">} moods How far its actions are, by index; an action that is not there waits.
 * @property {Record<string, string>} texts What the learner wrote in place of an action's text, by index.
 * @property {AskedAction[]} queue The actions that were requested and have not ended, in order.
 * @property {AskedAction[]} did The actions that were done, in order.
 * @property {string} trouble What the last action was refused with; empty if it was not.
 * @property {Record<string, CheckState>} checks What its checks say, by index; a check that is not there has not been true.
 * @property {number} hints How many of its hints were offered.
 * @property {MeasuredAnswer[]} measured What the run says to its predictions, once it has settled.
 * @property {number} decided The event since which all its checks are true, once it has settled.
 * @property {boolean} shown Whether the lab did it for the learner.
 * @property {boolean} replayed Whether the lab has played it again in this sandbox.
 */

/**
 * A tool's command.
 *
 * @typedef {object} ToolState
 * @property {number} pid The process that runs it, or ran it; 0 if none does.
 * @property {string} detail Why it does not run; empty if it does.
 */

/**
 * One action that was asked for.
 *
 * @typedef {object} AskedAction
 * @property {number} action Its index among the step's actions; -1 if it is none of them.
 * @property {number} start Its index among those that a task begins with; -1 if it is none of them.
 * @property {string} host Where a command of the learner's own runs; empty for the lab's actions.
 * @property {string | null} text What the learner wrote; None for the lab's own text.
 */

/**
 * What a check says.
 *
 * @typedef {object} CheckState
 * @property {"waiting" | "partly" | "true" | "lost"} mood Whether it is true, or how far it is; "lost" if it was true and is not any more.
 * @property {number} since The event that made it true; 0 until then.
 * @property {number} lost The event since which it is not true any more; 0 if it is.
 * @property {number | null} count How many rows fit; None where none are counted.
 * @property {number | null} wanted How many must fit.
 * @property {ShownRow[]} rows The first of the rows that show it.
 * @property {number} more How many other rows do.
 * @property {number[]} hints Which of its hints are in place, by index.
 */

/**
 * What a run says to a prediction.
 *
 * @typedef {object} MeasuredAnswer
 * @property {string | null} value What was measured, as text; None if there is no such thing.
 * @property {string | null} label The option that it confirms; None if it is none of them.
 * @property {boolean | null} fits Whether the learner's choice is that; None if they gave none.
 */

/**
 * A row that shows something.
 *
 * @typedef {object} ShownRow
 * @property {string} key What opens its evidence.
 * @property {number} seq The event of the sandbox since which it is so.
 * @property {string} words The row in one line.
 */

/** Every type of lab event, in the order of server/lab_events.py. */
export const LAB_EVENT_TYPES = [
  "lab.begun",
  "lab.act.accepted",
  "lab.act.refused",
  "lab.rebuild.begun",
  "lab.sandbox.opened",
  "lab.sandbox.refused",
  "lab.step.replayed",
  "lab.rebuilt",
  "lab.sandbox.lost",
  "lab.step.entered",
  "lab.question.answered",
  "lab.actions.requested",
  "lab.action.begun",
  "lab.action.ended",
  "lab.check.changed",
  "lab.hint.offered",
  "lab.tool.used",
  "lab.step.settled",
  "lab.finished",
  "lab.edited",
  "lab.given_up",
];

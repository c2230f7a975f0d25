// How the prompts of the simulation use the outputs of other tasks.

/** In a prompt: the output of the task with this index. */
export const outputMark = (task: number): string => `<${task}:{{tasks.t${task}.output}}>`;

/** The marks of a prompt, with the output in place of the template if it was sent. */
export const outputMarks = / <(\d+):([^>]*)>/g;

/** The same for the template and for what is sent. */
export const promptName = (prompt: string): string => prompt.replaceAll(outputMarks, '');

// The browser's beats for test_stories.py: on each line of the input a JSON array of events; on each line of the output
// what the story is after them.

import { Story, sentence } from "../../static/js/story/beats.js";
import { answer } from "./folds.mjs";

await answer(
  () => new Story(),
  (story, event) => {
    story.add(event);
    const [beat, scene] = [story.beats.at(-1) ?? null, story.scenes.at(-1) ?? null];
    const words = beat ? [...beat.said, scene.heading].map(sentence) : [];
    return { beats: story.beats.length, scenes: story.scenes.length, beat, scene, words };
  },
);

import {cat} from './cat.ts';
import type {Body, Figure} from './figure.ts';
import {monster} from './monster.ts';
import {fish, flower, star, tree} from './nature.ts';
import {robot} from './robot.ts';
import {ball, boat, car, house, mug} from './things.ts';

export type {Body, Palette} from './figure.ts';

/** What a scene shows, by the noun of its caption. Those with a body wear hats and hold balloons. */
export const figures = {robot, cat, monster, house, tree, car, fish, mug, star, flower, ball, boat} as const satisfies Record<string, Figure<Body> | Figure>;

export type ClassName = keyof typeof figures;

export const classes = Object.keys(figures) as ClassName[];

/** How often each is shown. Robots most, as one of them is to become the subject. */
export const classWeights: Readonly<Record<ClassName, number>> = {
	robot: 3.2, cat: 1.8, monster: 1.8, house: 1, tree: 1, car: 1, fish: 1, mug: 1, star: 0.8, flower: 0.9, ball: 0.8, boat: 0.9,
};

export const hasBody = (name: ClassName): boolean => name === 'robot' || name === 'cat' || name === 'monster';

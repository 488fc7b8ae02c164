import type {Hsl} from '../colours.ts';
import type {Mulberry32} from '../mulberry32.ts';
import {d, filled, outlined, stroked, type Pen} from '../pen.ts';
import {BLACK, eye, sides, WHITE, type Body, type Figure} from './figure.ts';

/** Half its width, its height; the shoulder's height and half the crown's width shape its outline. */
const builds = {
	tall: {width: 30, height: 92, shoulder: 64, crown: 24},
	stout: {width: 37, height: 78, shoulder: 54, crown: 29},
} as const;

type Build = (typeof builds)[keyof typeof builds];
type Horns = 'none' | 'two' | 'one' | 'ears';
type Eyes = 'one' | 'two' | 'three';

export const monster: Figure<Body> = (pen, random, {main, second, third}) => {
	const eyes = random.weighted({one: 3, two: 4, three: 2});
	const horns = random.weighted({none: 2, two: 3, one: 1.5, ears: 2});
	const shape = random.weighted({blob: 3, tall: 2, fuzzy: 2});
	const build = builds[shape === 'tall' ? 'tall' : 'stout'];
	const {width, height} = build;
	for (const side of sides) pen.ellipse(side * 15, -4, 11, 6, outlined(second, 2));
	for (const side of sides) pen.line([side * (width - 4), -38], [side * (width + 12), random.chance(0.6) ? -26 : -54], main, 8);
	drawHorns(pen, horns, {height, main, horn: third});
	if (shape === 'fuzzy') pen.polygon(furryOutline(build), outlined(main));
	else drawBlob(pen, build, main);
	drawBelly(pen, random, second);
	const eyeLevel = -height * 0.66;
	drawEyes(pen, eyes, eyeLevel);
	drawMouth(pen, random, eyeLevel + 19);
	return {head: {x: 0, y: 3 - height, halfWidth: 16}, hand: {x: width + 12, y: -28}};
};

function drawHorns(pen: Pen, horns: Horns, {height, main, horn}: {height: number; main: Hsl; horn: Hsl}): void {
	if (horns === 'two') {
		for (const side of sides) pen.polygon([[side * 9, 6 - height], [side * 23, 12 - height], [side * 24, -16 - height]], outlined(horn, 1.8));
	} else if (horns === 'one') {
		pen.polygon([[-8, 4 - height], [8, 4 - height], [0, -20 - height]], outlined(horn, 1.8));
	} else if (horns === 'ears') {
		for (const side of sides) pen.circle(side * 22, 8 - height, 10, outlined(main));
	}
}

function drawBlob(pen: Pen, {width, height, shoulder, crown}: Build, colour: Hsl): void {
	pen.path(d`M${-width} -4C${-width} ${-shoulder} ${-crown} ${-height} 0 ${-height}C${crown} ${-height} ${width} ${-shoulder} ${width} -4Z`, outlined(colour));
}

/** Thirteen tufts around an ellipse. */
function furryOutline({width, height}: Build): [x: number, y: number][] {
	return Array.from({length: 26}, (_, corner) => {
		const angle = (2 * Math.PI * corner) / 26;
		const reach = corner % 2 === 1 ? 1 : 0.86;
		return [width * reach * Math.sin(angle), -height / 2 - 1 - (height / 2) * reach * Math.cos(angle)];
	});
}

function drawBelly(pen: Pen, random: Mulberry32, colour: Hsl): void {
	const isPlain = random.chance(0.5);
	if (isPlain) {
		pen.ellipse(0, -20, 17, 14, filled(colour));
		return;
	}
	const isSpotted = random.chance(0.5);
	if (isSpotted) {
		for (const [x, y] of [[-17, -22], [14, -16], [1, -28]]) pen.circle(x, y, 4.5, filled(colour));
	}
}

function drawEyes(pen: Pen, eyes: Eyes, y: number): void {
	if (eyes === 'one') {
		eye(pen, 0, y, 14);
	} else if (eyes === 'two') {
		for (const side of sides) eye(pen, side * 12, y, 9);
	} else {
		eye(pen, -15, y, 6.5);
		eye(pen, 0, y - 7, 6.5);
		eye(pen, 15, y, 6.5);
	}
}

function drawMouth(pen: Pen, random: Mulberry32, y: number): void {
	const mouth = random.pick(['smile', 'laugh', 'line'] as const);
	if (mouth === 'smile') {
		pen.path(d`M-12 ${y}Q0 ${y + 10} 12 ${y}`, stroked(BLACK, 2.5));
	} else if (mouth === 'laugh') {
		pen.path(d`M-13 ${y - 2}H13Q10 ${y + 11} 0 ${y + 11}Q-10 ${y + 11} -13 ${y - 2}Z`, filled(BLACK));
		pen.polygon([[-8, y - 2], [-2, y - 2], [-5, y + 4]], filled(WHITE));
	} else {
		pen.line([-8, y + 1], [8, y + 1], BLACK, 2.5);
	}
}

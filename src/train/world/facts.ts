import type {BackgroundName} from './backgrounds/index.ts';
import type {ColourName} from './colours.ts';
import type {ClassName} from './figures/index.ts';

/** What a picture shows, whether its caption says so or not. */
export interface Facts {
	readonly class: ClassName;
	/** Of the main figure; missing where it has one without a name, and in a sketch, which has no colours. */
	readonly colour?: ColourName;
	readonly background: BackgroundName | 'plain';
	/** The colour of a plain background; missing in a sketch. */
	readonly ground?: ColourName;
	readonly size: 'small' | 'medium' | 'big';
	/** Missing where the main figure is in the middle, or is where a second one leaves room. */
	readonly side?: 'left' | 'right';
	/** Outlines only: of hat, balloon and second figure, too. */
	readonly sketch: boolean;
	readonly hat?: ColourName;
	readonly balloon?: ColourName;
	readonly other?: {readonly class: ClassName; readonly colour: ColourName};
}

import type {Attribute, Pointer, Runtime} from '../runtime/index.ts';

/** Of an operation that is being described (TF_OperationDescription); `type` is for messages. */
export function setAttribute({api, binding}: Runtime, description: Pointer, type: string, {name, type: kind, value}: Attribute): void {
	switch (kind) {
		case binding.TF_ATTR_STRING:
			api.setAttrString(description, name, value, Buffer.byteLength(value as string));
			break;
		case binding.TF_ATTR_INT:
			if (Array.isArray(value)) api.setAttrIntList(description, name, value, value.length);
			else api.setAttrInt(description, name, value);
			break;
		case binding.TF_ATTR_FLOAT:
			if (Array.isArray(value)) api.setAttrFloatList(description, name, value, value.length);
			else api.setAttrFloat(description, name, value);
			break;
		case binding.TF_ATTR_BOOL:
			api.setAttrBool(description, name, value ? 1 : 0);
			break;
		case binding.TF_ATTR_TYPE:
			api.setAttrType(description, name, value);
			break;
		case binding.TF_ATTR_SHAPE:
			api.setAttrShape(description, name, value, (value as number[]).length);
			break;
		case 'types':
			api.setAttrTypeList(description, name, value, (value as number[]).length);
			break;
		case 'shapes': {
			const shapes = value as readonly (readonly number[])[];
			// A pointer to nothing is refused, also for a scalar.
			api.setAttrShapeList(description, name, shapes.map(shape => BigInt64Array.from(shape.length === 0 ? [0] : shape, BigInt)), shapes.map(({length}) => length), shapes.length);
			break;
		}
		case 'strings':
			api.setAttrStringList(description, name, value, (value as string[]).map(text => Buffer.byteLength(text)), (value as string[]).length);
			break;
		case 'tensor':
			api.setAttrTensor(description, name, value, api.status);
			api.check(`the constant ${name} of ${type}`);
			break;
		default:
			throw new Error(`Attribute ${name} of ${type} is of a kind that tracing does not know (${kind}).`);
	}
}

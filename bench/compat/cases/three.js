// npm: three@0.178.0 gl-matrix@3.4.4
import { Vector3, Matrix4, Quaternion } from "three";
import { mat4 } from "gl-matrix";
export default () => Response.json([new Vector3(1, 0, 0).applyQuaternion(new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), Math.PI / 2)).toArray().map((x) => x.toFixed(6)), [...mat4.translate(mat4.create(), mat4.create(), [1, 2, 3])], new Matrix4().makeScale(2, 2, 2).elements]);

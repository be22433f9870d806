// npm: @faker-js/faker@9.9.0 chance@1.1.13 seedrandom@3.0.5
import { faker } from "@faker-js/faker/locale/en";
import Chance from "chance";
import seedrandom from "seedrandom";
export default () => { faker.seed(1); return Response.json([faker.person.fullName(), faker.number.int(100), new Chance(1).name(), seedrandom("x")()]); };

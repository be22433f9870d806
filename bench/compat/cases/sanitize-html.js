// npm: sanitize-html@2.17.0
import sanitize from "sanitize-html";
export default () => new Response(sanitize('<p onclick="x">a<script>b</script><a href="javascript:c">d</a></p>'));

public class Main { protected void finalize() { } }

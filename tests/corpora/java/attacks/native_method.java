public class Main { native void run(); }
